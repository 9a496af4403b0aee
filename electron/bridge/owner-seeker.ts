import { asTinyplaceError, type TinyplaceError } from "../../shared/errors/errors.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { HomePaths } from "../platform/paths.ts";
import { readQuitMark } from "../platform/quit-mark.ts";
import type { KernelLock } from "../vault/kernel-lock.ts";
import type { OwnerLock } from "../vault/owner-lock.ts";
import type { Claim } from "./claim-ownership.ts";
import { contendersPause } from "./contenders-pause.ts";
import { hostAbsent, hostQuit } from "./owner-errors.ts";
import { type Launch, startLaunch } from "./owner-launches.ts";
import { HostClient } from "./socket-client.ts";

/**
 * What a client does that finds no owner (rule L2, TINYPLACE_SESSION_DAEMON): `start` one (default),
 * `host` it in this process (`off`), or only `join` one that others run (`join`).
 */
export type OwnerMode = "start" | "host" | "join";

export function ownerMode(env: NodeJS.ProcessEnv): OwnerMode {
  if (env.TINYPLACE_SESSION_DAEMON === "off") return "host";
  return env.TINYPLACE_SESSION_DAEMON === "join" ? "join" : "start";
}

/** An owner that runs in this process, and ends with it or before it. */
export interface HostedHere {
  close(): Promise<void>;
}

/** What of ownership this process can do itself; loaded when it is needed, for a quick start. */
export interface OwnershipHere {
  /** One try: the right to start an owner, or null while another client has it. */
  turnToStart(): KernelLock | null;
  /** Throws `host_hung`. */
  claim(): Promise<Claim>;
  /** Resolves when the owner serves in this process. Releases the lock at its end. */
  host(lock: OwnerLock): Promise<HostedHere>;
}

export interface OwnerWays {
  readonly mode: OwnerMode;
  /** What `start` tries, in order; where none answers, the owner runs here. */
  launches(): readonly Launch[];
  /** Null where this process cannot: its Node.js is too old for the database. */
  readonly here: (() => Promise<OwnershipHere>) | null;
}

/** A started process that does not answer for this long has failed, in ms. */
const START_WITHIN_MS = 20_000;
const FIRST_COOL_DOWN_MS = 5_000;
const LONGEST_COOL_DOWN_MS = 60_000;

/** Finds the owner of a data folder, and sees to it that there is one. */
export class OwnerSeeker {
  private readonly paths: HomePaths;
  private readonly ways: OwnerWays;
  private readonly timers: Timers;
  private hosted: HostedHere | null = null;
  private failedStarts = 0;
  /** Why the last start failed, for as long as no other is tried. */
  private cooling: TinyplaceError | null = null;
  private cancelCooling = (): void => undefined;

  constructor(paths: HomePaths, ways: OwnerWays, timers: Timers) {
    this.paths = paths;
    this.ways = ways;
    this.timers = timers;
  }

  get mode(): OwnerMode {
    return this.ways.mode;
  }

  /** A connection to whoever owns the data folder already; null when nobody does. */
  join(): Promise<HostClient | null> {
    return HostClient.connectIfThere(this.paths, "bridge", this.timers);
  }

  /**
   * A connection to the owner, who is started where there is none. Throws why there is none:
   * `host_quit`, `host_hung`, `host_absent`, or what a host here failed with. After a failed start
   * nothing is started for a while, and the same is thrown again.
   */
  async find(): Promise<HostClient> {
    const there = await this.join();
    if (there) return there;
    this.refuseAfterQuit();
    if (this.ways.mode === "join") throw hostAbsent(this.paths);
    if (this.cooling) throw this.cooling;
    try {
      const found = await this.bring();
      this.failedStarts = 0;
      return found;
    } catch (error) {
      throw this.startFailed(error);
    }
  }

  /** Ends the owner that runs here, if one does. */
  async close(): Promise<void> {
    this.cancelCooling();
    await this.hosted?.close();
  }

  private async bring(): Promise<HostClient> {
    const here = (await this.ways.here?.()) ?? null;
    if (!here) return this.launch();
    if (this.ways.mode === "host") return this.host(here);
    const turn = await this.turnToStart(here);
    if ("found" in turn) return turn.found;
    try {
      // Not to start what is starting or ending already, or what hangs.
      const claim = await here.claim();
      if ("owner" in claim) return claim.owner;
      claim.lock.release();
      return await this.launch().catch(() => this.host(here));
    } finally {
      turn.release();
    }
  }

  /**
   * One client starts an owner at a time, and the others see it come. Who stands still in its turn,
   * such as a session stopped in its terminal, is passed over: the owner lock is what keeps owners one.
   */
  private async turnToStart(here: OwnershipHere): Promise<{ found: HostClient } | KernelLock> {
    const start = performance.now();
    for (let attempt = 0; performance.now() - start < START_WITHIN_MS; attempt++) {
      const turn = here.turnToStart();
      if (turn) return turn;
      const found = await this.join();
      if (found) return { found };
      this.refuseAfterQuit();
      await contendersPause(attempt, this.timers);
    }
    return { release: () => undefined };
  }

  /** Throws `host_absent` when none of the ways led to an owner that answers. */
  private async launch(): Promise<HostClient> {
    for (const launch of this.ways.launches()) {
      const start = performance.now();
      let ended = false;
      void startLaunch(launch, this.paths).then(() => {
        ended = true;
      });
      for (let attempt = 0; performance.now() - start < START_WITHIN_MS; attempt++) {
        // Looked at before the owner is: one that ends because another answers is no failure.
        const last = ended;
        const found = await this.join();
        if (found) return found;
        if (last) break;
        await contendersPause(attempt, this.timers);
      }
    }
    throw hostAbsent(this.paths);
  }

  private async host(here: OwnershipHere): Promise<HostClient> {
    const claim = await here.claim();
    if ("owner" in claim) return claim.owner;
    this.hosted = await here.host(claim.lock);
    return HostClient.connect(this.paths, "bridge", this.timers);
  }

  private refuseAfterQuit(): void {
    const quit = readQuitMark(this.paths);
    if (quit) throw hostQuit(quit);
  }

  /** An owner that hangs, or was quit, is no failed start: waking it up shall be seen at once. */
  private startFailed(error: unknown): TinyplaceError {
    const problem = asTinyplaceError(error);
    if (problem.code === "host_hung" || problem.code === "host_quit") return problem;
    const wait = Math.min(LONGEST_COOL_DOWN_MS, FIRST_COOL_DOWN_MS * 2 ** this.failedStarts++);
    this.cooling = problem;
    this.cancelCooling = this.timers.after(wait, () => {
      this.cooling = null;
    });
    return problem;
  }
}
