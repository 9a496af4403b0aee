import type { Timers } from "../../shared/pacing/timers.ts";

/**
 * Between two tries for what others want too, in ms: short at first, since two that try in the same
 * instant may both fail; then long enough that fifty who wait leave the machine to the one that
 * starts. Random, so that they do not meet again.
 */
export function contendersPause(attempt: number, timers: Timers): Promise<void> {
  const longest = attempt < 4 ? 20 : 100;
  const ms = longest * (0.5 + Math.random() / 2);
  return new Promise((resolve) => timers.after(ms, () => resolve()));
}
