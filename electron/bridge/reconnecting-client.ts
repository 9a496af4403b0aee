import { asTinyplaceError, TinyplaceError } from "../../shared/errors/errors.ts";
import { systemTimers, type Timers } from "../../shared/pacing/timers.ts";
import type { CallParams, CallResult } from "../../shared/protocol/protocol.ts";
import type { HomePaths } from "../platform/paths.ts";
import { contendersPause } from "./contenders-pause.ts";
import { hostStarting, withOutcome } from "./owner-errors.ts";
import { OwnerSeeker, type OwnerWays } from "./owner-seeker.ts";
import type { AuthorizedCall } from "./session-host.ts";
import type { HostClient } from "./socket-client.ts";
import { whereToLook } from "./unanswered-calls.ts";

const FIRST_REST_MS = 50;
/** Without an owner this is how long it may take to notice that a person started one. */
const LONGEST_REST_MS = 2_000;
/** A session's call waits this long for an owner to come (back). */
const PATIENCE_MS = 10_000;
/** A call that owners die under is given up after this many. */
const ATTEMPTS = 5;
/** After a handover nobody but the desktop application is meant to come, for this long. */
const HANDOVER_MS = 15_000;

/** Made anew for each attempt where something of it changes meanwhile, as the time left to wait. */
export type Asked<N extends AuthorizedCall> = CallParams<N> | (() => CallParams<N>);

/**
 * A session's connection that outlives the host (rule M1): after a loss it finds or brings the next
 * owner, takes the session's place back through `onConnected`, and repeats the calls that may be.
 */
export class ReconnectingClient {
  private readonly paths: HomePaths;
  private readonly timers: Timers;
  /** How long a call waits for an owner, in ms. */
  private readonly patienceMs: number;
  private readonly seeker: OwnerSeeker;
  private readonly onConnected: (client: HostClient) => Promise<void>;
  private ready: HostClient | null = null;
  private everConnected = false;
  /** Why there is no owner, as the last attempt found. */
  private problem: TinyplaceError | null = null;
  /** Calls that wait for an owner: each is told when there is one, and when there will be none. */
  private readonly waiting = new Set<() => void>();
  /** Ends the rest before the next attempt. */
  private hurry = (): void => undefined;
  private failures = 0;
  private closed = false;

  constructor(
    paths: HomePaths,
    ways: OwnerWays,
    onConnected: (client: HostClient) => Promise<void>,
    {
      timers = systemTimers,
      patienceMs = PATIENCE_MS,
    }: { timers?: Timers; patienceMs?: number } = {},
  ) {
    this.paths = paths;
    this.onConnected = onConnected;
    this.timers = timers;
    this.patienceMs = patienceMs;
    this.seeker = new OwnerSeeker(paths, ways, timers);
  }

  get current(): HostClient | null {
    return this.ready;
  }

  /** Connects, and stays connected until `close`; never throws. */
  start(): void {
    void this.run();
  }

  /**
   * Waits some seconds for an owner that is being started. Throws `host_absent`, `host_quit` or
   * `host_hung` when none comes, and what the call itself fails with. Where an owner died under a call
   * that must not be made twice, `host_absent` says where to look for whether it was done.
   */
  async call<N extends AuthorizedCall>(
    name: N,
    asked: Asked<N>,
    signal?: AbortSignal,
  ): Promise<CallResult<N>> {
    for (let attempt = 1; ; attempt++) {
      const client = this.ready ?? (await this.wait(attempt > 1));
      const params = typeof asked === "function" ? asked() : asked;
      try {
        return await client.call(name, params, signal);
      } catch (error) {
        const code = error instanceof TinyplaceError ? error.code : null;
        if (code !== "host_absent" && code !== "host_hung") throw error;
        if (this.ready === client) this.ready = null;
        if (code === "host_hung") throw withOutcome(error as TinyplaceError, true);
        const look = whereToLook(name, params);
        if (look !== null) throw withOutcome(error as TinyplaceError, true, look);
        if (attempt >= ATTEMPTS || signal?.aborted) throw error;
      }
    }
  }

  /** Also ends the owner that runs here, if one does; others then take over. */
  async close(): Promise<void> {
    this.closed = true;
    this.ready?.close();
    this.hurry();
    this.wake();
    await this.seeker.close();
  }

  private async run(): Promise<void> {
    let goodbye: HostClient["goodbye"] = null;
    while (!this.closed) {
      try {
        const client = await this.next(goodbye);
        await this.stay(client);
        goodbye = client.goodbye;
      } catch (error) {
        goodbye = null;
        this.failures++;
        this.problem = asTinyplaceError(error);
        if (!this.mayComeBack(this.problem)) this.wake();
        await this.rest();
      }
    }
  }

  /** The next owner's connection, after the last one ended with or without a goodbye. */
  private async next(goodbye: HostClient["goodbye"]): Promise<HostClient> {
    // It ended since nobody needed it: so it is started again when somebody does.
    if (goodbye?.next === "idle") await this.somebodyWaits();
    if (goodbye?.next === "handover") {
      const start = performance.now();
      for (let attempt = 0; performance.now() - start < HANDOVER_MS; attempt++) {
        const found = await this.seeker.join();
        if (found) return found;
        await contendersPause(attempt, this.timers);
      }
    }
    return this.seeker.find();
  }

  /** Resolves when the connection has ended. */
  private async stay(client: HostClient): Promise<void> {
    if (this.closed) return client.close();
    const ended = new Promise<void>((resolve) => client.onClose(resolve));
    await this.onConnected(client).catch(() => undefined);
    // It may have ended meanwhile: then the next one is looked for.
    if (this.closed || !client.isOpen) return client.close();
    this.ready = client;
    this.everConnected = true;
    this.failures = 0;
    this.problem = null;
    this.wake();
    await ended;
    if (this.ready === client) this.ready = null;
  }

  /** Where others start the owner, one that was there is expected back: a call waits its time out. */
  private mayComeBack({ code }: TinyplaceError): boolean {
    return this.seeker.mode === "join" && this.everConnected && code === "host_absent";
  }

  private rest(): Promise<void> {
    const longest = this.waiting.size > 0 ? 2 * FIRST_REST_MS : LONGEST_REST_MS;
    const ms = Math.min(longest, FIRST_REST_MS * 2 ** Math.min(this.failures, 10));
    return this.pause((done) => this.timers.after(ms * (0.5 + Math.random() / 2), done));
  }

  private async somebodyWaits(): Promise<void> {
    if (this.waiting.size === 0) await this.pause(() => () => undefined);
  }

  /** Until `timer` is done, or `hurry` is called. */
  private async pause(timer: (done: () => void) => () => void): Promise<void> {
    if (this.closed) return;
    let cancel = (): void => undefined;
    await new Promise<void>((resolve) => {
      this.hurry = resolve;
      cancel = timer(resolve);
    });
    cancel();
    this.hurry = () => undefined;
  }

  private wake(): void {
    for (const settle of [...this.waiting]) settle();
  }

  /** @param asked whether the call had reached a host before */
  private wait(asked: boolean): Promise<HostClient> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.waiting.delete(settle);
        cancel();
        if (this.ready) resolve(this.ready);
        else reject(withOutcome(this.problem ?? hostStarting(this.paths), asked));
      };
      const cancel = this.timers.after(this.patienceMs, settle);
      this.waiting.add(settle);
      this.hurry();
    });
  }
}
