import type { Timers } from "../../shared/pacing/timers.ts";
import type { Host } from "./host.ts";

const DEFAULT_IDLE_MS = 60_000;

/** TINYPLACE_DAEMON_IDLE_MS, in ms; anything but a whole number is the default. */
export function idleLimit(env: NodeJS.ProcessEnv): number {
  const text = env.TINYPLACE_DAEMON_IDLE_MS ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : DEFAULT_IDLE_MS;
}

/**
 * Calls `idle` once when nobody needed the host for `limitMs` (rule L3): no live session, no outgoing
 * message that awaits the relay, nobody else at its relay. Returns what ends the watch.
 */
export function watchIdle(
  host: Pick<Host, "isNeeded" | "on" | "off">,
  { timers, limitMs, idle }: { timers: Timers; limitMs: number; idle: () => void },
): () => void {
  let needed = false;
  let cancel = (): void => undefined;
  const restart = () => {
    cancel();
    cancel = timers.after(limitMs, () => {
      // What is needed without an event of its own, such as a doorbell that stays open, is seen here.
      if (host.isNeeded) restart();
      else idle();
    });
  };
  const look = () => {
    const before = needed;
    needed = host.isNeeded;
    if (needed || before) restart();
  };
  host.on("changed", look);
  host.on("relayUsed", restart);
  restart();
  return () => {
    cancel();
    host.off("changed", look);
    host.off("relayUsed", restart);
  };
}
