import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { CallName, CallParams, CallResult } from "../../shared/protocol/protocol.ts";
import type { HomePaths } from "../platform/paths.ts";
import { systemTimers, type Timers } from "../platform/timers.ts";
import { HostClient, hostAbsent } from "./socket-client.ts";

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 5_000;
/** A call waits this long for a host to come (back). */
const PATIENCE_MS = 5_000;

/**
 * A session's connection that outlives the host (rule M1): after a loss it connects again, takes the
 * session's place back through `onConnected`, and repeats calls that are safe to repeat.
 */
export class ReconnectingClient {
  private readonly paths: HomePaths;
  private readonly timers: Timers;
  private readonly onConnected: (client: HostClient) => Promise<void>;
  private ready: HostClient | null = null;
  private readonly waiting = new Set<() => void>();
  private failures = 0;
  private everConnected = false;
  private closed = false;

  constructor(
    paths: HomePaths,
    onConnected: (client: HostClient) => Promise<void>,
    timers: Timers = systemTimers,
  ) {
    this.paths = paths;
    this.onConnected = onConnected;
    this.timers = timers;
  }

  get current(): HostClient | null {
    return this.ready;
  }

  /** Starts connecting; never throws. */
  start(): void {
    if (this.closed) return;
    HostClient.connect(this.paths, "bridge")
      .then((client) => this.connected(client))
      .catch(() => this.retry());
  }

  /** Throws `host_absent` when no host comes in time. */
  async call<N extends CallName>(
    name: N,
    params: CallParams<N>,
    signal?: AbortSignal,
  ): Promise<CallResult<N>> {
    for (let attempt = 1; ; attempt++) {
      const client = this.ready ?? (await this.wait());
      try {
        return await client.call(name, params, signal);
      } catch (error) {
        const lost = error instanceof TinyplaceError && error.code === "host_absent";
        // `send` carries its id, and what was handed out unconfirmed is handed out again: every call
        // of this protocol may be repeated.
        if (!lost || attempt >= 3 || signal?.aborted) throw error;
        if (this.ready === client) this.ready = null;
      }
    }
  }

  close(): void {
    this.closed = true;
    this.ready?.close();
    for (const wake of this.waiting) wake();
  }

  private async connected(client: HostClient): Promise<void> {
    if (this.closed) return client.close();
    client.onClose(() => {
      if (this.ready === client) this.ready = null;
      this.retry();
    });
    await this.onConnected(client).catch(() => undefined);
    // It may have ended meanwhile; the next attempt is under way then.
    if (!client.isOpen) return;
    this.ready = client;
    this.failures = 0;
    this.everConnected = true;
    for (const wake of this.waiting) wake();
  }

  private retry(): void {
    if (this.closed) return;
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.failures++, 10));
    this.timers.after(wait * (0.5 + Math.random() / 2), () => this.start());
    // Where no host ever was, waiting only delays the answer that says so.
    if (!this.everConnected && this.failures > 2) for (const wake of this.waiting) wake();
  }

  private wait(): Promise<HostClient> {
    if (!this.everConnected && this.failures > 2) return Promise.reject(hostAbsent(this.paths));
    return new Promise((resolve, reject) => {
      const wake = () => {
        this.waiting.delete(wake);
        cancel();
        if (this.ready) resolve(this.ready);
        else reject(hostAbsent(this.paths));
      };
      const cancel = this.timers.after(PATIENCE_MS, wake);
      this.waiting.add(wake);
    });
  }
}
