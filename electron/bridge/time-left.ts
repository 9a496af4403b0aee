/** How much of `ms` is left whenever it is asked, in whole ms and at least 0. */
export function timeLeft(ms: number): () => number {
  const end = performance.now() + ms;
  return () => Math.max(0, Math.round(end - performance.now()));
}
