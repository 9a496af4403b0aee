import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { type ErrorView, TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Incident } from "../../../shared/model/snapshot.ts";
import type { EmbeddedOptions, EmbeddedRelay } from "./embedded-relay.ts";

/** From source it lies beside this module; the bundle's entries and chunks share a folder as well. */
const ENTRY = join(import.meta.dirname, `relay-worker${extname(import.meta.filename)}`);

export interface RelayThreadOptions extends EmbeddedOptions {
  /** Whether the thread collects its garbage when a busy time is over. */
  readonly tidies: boolean;
}

/** What the thread is told: once to start, and once to end. */
export type RelayThreadOrder = RelayThreadOptions | "close";

/** What the thread tells. */
export type RelayThreadNews =
  | { readonly kind: "started"; url: string; port: number; incident: Incident | null }
  | { readonly kind: "failed"; error: ErrorView }
  /** `by` used the relay since the last news of this kind. */
  | { readonly kind: "used"; by: readonly string[]; listeners: readonly string[] };

/**
 * The embedded relay in a thread of its own, so that its HTTP, its signatures and its commits cost the
 * owner's event loop nothing. The thread loads from its making on, and opens nothing before it is
 * started.
 */
export class RelayThread {
  private readonly worker = new Worker(ENTRY, { name: "tinyplace-relay" });
  private readonly ended: Promise<void>;
  private readonly started: Promise<Extract<RelayThreadNews, { kind: "started" }>>;
  private usedBy: (agent: string) => void = () => undefined;
  private listeners: readonly string[] = [];

  constructor() {
    const { worker } = this;
    this.ended = new Promise((resolve) => worker.once("exit", () => resolve()));
    this.started = new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.on("message", (news: RelayThreadNews) => {
        if (news.kind === "started") resolve(news);
        else if (news.kind === "failed") reject(asError(news.error));
        else {
          this.listeners = news.listeners;
          for (const agent of news.by) this.usedBy(agent);
        }
      });
      worker.once("exit", () => reject(new Error("the relay's thread ended at its start")));
    });
    // Until it is started nobody waits for it.
    this.started.catch(() => undefined);
  }

  /**
   * Once. Rejects with what kept the relay from starting. Should the thread fail later, its error is
   * thrown here, as it would be without a thread.
   */
  async start(
    options: RelayThreadOptions,
    usedBy: (agent: string) => void,
  ): Promise<EmbeddedRelay> {
    this.usedBy = usedBy;
    this.worker.postMessage(options);
    const { url, port, incident } = await this.started;
    this.worker.removeAllListeners("error");
    return {
      url,
      port,
      incident,
      listeners: () => this.listeners,
      close: () => this.close(),
    };
  }

  /** Also where it was not started, or did not. */
  close(): Promise<void> {
    this.worker.postMessage("close");
    return this.ended;
  }
}

function asError({ code, error, next }: ErrorView): TinyplaceError {
  return new TinyplaceError(code, error, next);
}
