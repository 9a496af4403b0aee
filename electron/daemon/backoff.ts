/** When to try again: exponential with full jitter above half, so that many do not return at once. */
const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/** @param attempts failures so far, from 0. @param random in [0, 1). Returns ms. */
export function retryDelay(attempts: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts, 16));
  return Math.round(full / 2 + (full / 2) * random);
}
