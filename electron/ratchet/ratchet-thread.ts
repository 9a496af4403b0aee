import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Ciphertext } from "./cipher.ts";
import type { RatchetAgent } from "./session-cipher.ts";

/** From source it lies beside this module; the bundle's entries and chunks share a folder as well. */
const ENTRY = join(import.meta.dirname, `ratchet-worker${extname(import.meta.filename)}`);

/** Messages of one session at once from which on it pays. */
export interface BatchLimits {
  /** To begin a thread: a conversation needs none. */
  readonly begin: number;
  /** To ask one that runs: fewer are done sooner than it could answer. */
  readonly ask: number;
}

const LIMITS: BatchLimits = { begin: 16, ask: 4 };
/** A thread that was not asked for this long ends, and its memory with it. */
const REST_MS = 30_000;

/** Where a batch begins: the session of an agent with a peer, as the vault keeps it. */
export interface BatchStart {
  readonly agent: RatchetAgent;
  readonly peer: string;
  readonly session: Uint8Array;
}

/** What the thread is told: a batch, or to end. */
export type RatchetOrder =
  | (BatchStart & { readonly kind: "encrypt"; readonly plaintexts: readonly Uint8Array[] })
  | (BatchStart & { readonly kind: "decrypt"; readonly bodies: readonly string[] })
  | "close";

/** What it tells: that it has loaded, then an answer to each batch, in their order. */
export type RatchetNews = "ready" | Batch<Ciphertext | Uint8Array>;

/** How far a batch came: `made` of its first messages, and the session after them. */
export interface Batch<T> {
  readonly made: readonly T[];
  readonly session: Uint8Array;
}

type Resolve = (batch: Batch<never> | null) => void;

/**
 * Batches of libsignal's steps in a thread of their own, which is begun when there is work for one and
 * ends when there was none for a while. It has nothing of its own: a batch brings the session that it
 * begins with, and what comes back counts when its owner commits it. Where it is cut short, whatever
 * the reason, nothing of it has happened.
 */
export class RatchetThread {
  private readonly timers: Timers;
  private readonly limits: BatchLimits;
  private worker: Worker | null = null;
  private loaded = false;
  /** Where one core does everything, and once it broke, all is done without it. */
  private usable = availableParallelism() > 1;
  private waiting: Resolve[] = [];
  private ended: Promise<void> = Promise.resolve();
  private batches = 0;
  private cancelLook = (): void => undefined;

  constructor(timers: Timers, limits: BatchLimits = LIMITS) {
    this.timers = timers;
    this.limits = limits;
  }

  /** Whether a batch of so many messages is to be given to it. */
  takes(count: number): boolean {
    if (count < this.limits.ask) return false;
    if (!this.worker && count >= this.limits.begin && this.usable) this.begin();
    return this.loaded;
  }

  /** Null where the thread ended before it had answered. */
  encrypt(start: BatchStart, plaintexts: readonly Uint8Array[]): Promise<Batch<Ciphertext> | null> {
    return this.ask({ kind: "encrypt", ...start, plaintexts });
  }

  /** As above. It stops before the first that cannot be decrypted. */
  decrypt(start: BatchStart, bodies: readonly string[]): Promise<Batch<Uint8Array> | null> {
    return this.ask({ kind: "decrypt", ...start, bodies });
  }

  /** Answers what was asked, and ends; none begins afterwards. */
  async close(): Promise<void> {
    this.usable = false;
    this.end();
    await this.ended;
  }

  private ask<T>(order: RatchetOrder): Promise<Batch<T> | null> {
    const { worker } = this;
    if (!worker) return Promise.resolve(null);
    this.batches++;
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      worker.postMessage(order);
    });
  }

  private begin(): void {
    const worker = new Worker(ENTRY, { name: "tinyplace-ratchet" });
    const waiting: Resolve[] = [];
    this.worker = worker;
    this.waiting = waiting;
    worker.on("message", (news: RatchetNews) => {
      if (news !== "ready") waiting.shift()?.(news as Batch<never>);
      else if (this.worker === worker) this.loaded = true;
    });
    worker.once("error", () => {
      this.usable = false;
    });
    this.ended = new Promise((resolve) => {
      worker.once("exit", () => {
        if (this.worker === worker) this.forget();
        for (const answer of waiting.splice(0)) answer(null);
        resolve();
      });
    });
    this.lookAfter(this.batches);
  }

  /** Ends it when nothing was asked since the last look. */
  private lookAfter(seen: number): void {
    this.cancelLook = this.timers.after(REST_MS, () => {
      if (this.batches === seen) this.end();
      else this.lookAfter(this.batches);
    });
  }

  private end(): void {
    this.worker?.postMessage("close" satisfies RatchetOrder);
    this.forget();
  }

  private forget(): void {
    this.cancelLook();
    this.worker = null;
    this.loaded = false;
  }
}
