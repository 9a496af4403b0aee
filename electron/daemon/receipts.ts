import { encodeControl, MAX_CONTROL_ENTRIES } from "../../shared/envelope/envelope.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Clock } from "../platform/clock.ts";
import { failpoint } from "../platform/failpoints.ts";
import { insertControlJob } from "../vault/job-table.ts";
import { dropReceipts, peersOwedReceipts, takeReceipts } from "../vault/receipt-table.ts";
import type { Vault } from "../vault/vault.ts";
import type { Capabilities } from "./capabilities.ts";

/** Receipts gather for this long before they go out together, in ms. */
const GATHER_MS = 300;
/** A busy program lets them gather longer: so many times what it took to commit the last ones. */
const GATHER_PER_FLUSH = 10;
const LONGEST_GATHER_MS = 2_000;
/** What could not become a job is tried again after this long, in ms. */
const AGAIN_MS = 30_000;

interface ReceiptsParts {
  readonly vault: Vault;
  readonly capabilities: Pick<Capabilities, "of">;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The outbox has work for this recipient. */
  readonly wake: (recipient: string) => void;
}

/**
 * Sends the receipts we owe (rule D6), many in one control message, to peers whose bundle says that
 * they understand them. What is owed is a row of the vault, written with what it tells of.
 */
export class Receipts {
  private readonly parts: ReceiptsParts;
  private timer: { readonly due: number; readonly cancel: () => void } | null = null;
  private gatherMs = GATHER_MS;
  private running: Promise<void> | null = null;
  /** Called again while it ran: what came then may have been passed already. */
  private again = false;
  private closed = false;

  constructor(parts: ReceiptsParts) {
    this.parts = parts;
  }

  /** Something is owed: it goes out soon. */
  soon(): void {
    this.flushIn(this.gatherMs);
  }

  /** Turns what is owed into jobs of the outbox. What cannot be now stays owed. Never rejects. */
  flush(): Promise<void> {
    if (this.closed) return Promise.resolve();
    if (this.running) this.again = true;
    this.running ??= this.flushAll()
      .catch(() => this.flushIn(AGAIN_MS))
      .finally(() => {
        this.running = null;
        if (!this.again) return;
        this.again = false;
        this.soon();
      });
    return this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.timer?.cancel();
    await this.running;
  }

  /** In `ms`, or sooner when that was planned: a peer that cannot be told holds up no other. */
  private flushIn(ms: number): void {
    const { clock, timers } = this.parts;
    const due = clock.now() + ms;
    if (this.closed || (this.timer && this.timer.due <= due)) return;
    this.timer?.cancel();
    const cancel = timers.after(ms, () => {
      this.timer = null;
      void this.flush();
    });
    this.timer = { due, cancel };
  }

  private async flushAll(): Promise<void> {
    const { clock } = this.parts;
    const start = clock.now();
    for (const peer of peersOwedReceipts(this.parts.vault)) await this.flushPeer(peer);
    const took = clock.now() - start;
    this.gatherMs = Math.min(LONGEST_GATHER_MS, Math.max(GATHER_MS, took * GATHER_PER_FLUSH));
  }

  private async flushPeer(peer: string): Promise<void> {
    const { vault, capabilities, clock, wake } = this.parts;
    const understood = await capabilities.of(peer);
    if (understood === null) return this.flushIn(AGAIN_MS);
    const now = clock.now();
    await vault.write(() => {
      if (!understood.includes("receipts")) return dropReceipts(vault, peer);
      for (;;) {
        const receipts = takeReceipts(vault, peer, MAX_CONTROL_ENTRIES);
        if (receipts.length === 0) return;
        const control = encodeControl({ kind: "receipts", receipts });
        insertControlJob(vault, { recipient: peer, control, freshSession: false, at: now });
        failpoint("receipts.before-commit");
      }
    });
    failpoint("receipts.after-commit");
    wake(peer);
  }
}
