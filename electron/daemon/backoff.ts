/** When to try again: exponential with full jitter above half, so that many do not return at once. */
const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/** @param attempts failures so far, from 0. @param random in [0, 1). Returns ms. */
export function retryDelay(attempts: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts, 16));
  return Math.round(full / 2 + (full / 2) * random);
}

/**
 * Whether what was put off until `at` may be tried. Nothing is put off for longer than the longest
 * delay: a time beyond that was written before the clock was set back. Times in ms since the epoch.
 */
export function isDue(at: number, now: number): boolean {
  return at <= now || at - now > LONGEST_MS;
}
