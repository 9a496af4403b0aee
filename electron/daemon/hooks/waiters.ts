import type { Timers } from "../../../shared/pacing/timers.ts";
import type { Pushed } from "../../vault/offer-table.ts";
import type { Agent } from "../agent.ts";
import type { Session } from "../session-registry.ts";
import type { Offers } from "./offers.ts";

/** What came together wakes together, in ms. */
const GATHER_MS = 250;
/** So often a session is woken before its person says something again: never two that wake each other. */
const MAX_WAKES = 20;

/** A waiting hook: which harness it belongs to. */
export interface Waiter {
  readonly sessionId: string;
  readonly pid: number;
}

/** What is asked of a hook that waits: whether it is there. */
type Ping = () => Promise<void>;

/** A session that a waiting hook belongs to, and what its agent may offer. */
interface Sleeper {
  readonly agent: Agent;
  readonly offers: Offers;
  readonly session: Session;
}

/** Null: this hook is not needed any more. */
export type Woken = { agent: Agent; session: Session; text: string; pushed: readonly Pushed[] };

interface Waiting extends Waiter {
  readonly ping: Ping;
  end(woken: Woken | null): void;
}

interface WaitersParts {
  readonly timers: Timers;
  readonly now: () => number;
  readonly sleepers: (waiter: Waiter) => readonly Sleeper[];
}

/**
 * Hooks that wait for mail to wake their session with, one for each harness process (rule M2). Only an
 * idle session is woken, and never twice for the same mail.
 */
export class Waiters {
  private readonly parts: WaitersParts;
  private readonly waiting = new Map<number, Waiting>();
  private next: { at: number; cancel: () => void } | null = null;

  constructor(parts: WaitersParts) {
    this.parts = parts;
  }

  /** Resolves when there is mail to wake the session with; a later hook of the harness ends it. */
  wait(waiter: Waiter, ping: Ping, signal: AbortSignal): Promise<Woken | null> {
    this.endOf(waiter.pid);
    return new Promise((resolve) => {
      const end = (woken: Woken | null) => {
        signal.removeEventListener("abort", aborted);
        if (this.waiting.get(waiter.pid) === waiting) this.waiting.delete(waiter.pid);
        if (this.waiting.size === 0) this.stopLooking();
        resolve(woken);
      };
      const aborted = () => end(null);
      const waiting: Waiting = { ...waiter, ping, end };
      this.waiting.set(waiter.pid, waiting);
      signal.addEventListener("abort", aborted, { once: true });
      if (signal.aborted) end(null);
      else this.lookSoon();
    });
  }

  /** Its harness ended, or has another hook that waits. */
  endOf(pid: number): void {
    this.waiting.get(pid)?.end(null);
  }

  pingOf(pid: number): Ping | null {
    return this.waiting.get(pid)?.ping ?? null;
  }

  /** Something came, or a session may have become idle. */
  lookSoon(ms = GATHER_MS): void {
    if (this.waiting.size === 0) return;
    const at = this.parts.now() + ms;
    if (this.next && this.next.at <= at) return;
    this.next?.cancel();
    const cancel = this.parts.timers.after(ms, () => {
      this.next = null;
      for (const waiting of [...this.waiting.values()]) {
        // E.g. a disk that fails: it stays unread, and the next hook offers it.
        this.look(waiting).catch(() => undefined);
      }
    });
    this.next = { at, cancel };
  }

  private stopLooking(): void {
    this.next?.cancel();
    this.next = null;
  }

  private async look(waiting: Waiting): Promise<void> {
    for (const { agent, offers, session } of this.parts.sleepers(waiting)) {
      const { life } = session;
      if (agent.isClosed || life.state !== "idle" || life.wakes >= MAX_WAKES) continue;
      const now = this.parts.now();
      const offer = await offers.forWake(session, now);
      if (!offer) {
        const delay = offers.wakeDelay(session, now);
        if (delay !== null) this.lookSoon(delay);
        continue;
      }
      // Gone or replaced meanwhile: what was taken is free again soon, and unread.
      if (this.waiting.get(waiting.pid) !== waiting) return agent.mailroom.unhand(idsOf(offer));
      life.wakes++;
      return waiting.end({ agent, session, ...offer });
    }
  }
}

function idsOf({ pushed }: { pushed: readonly Pushed[] }): number[] {
  return pushed.map(({ delivery }) => delivery);
}
