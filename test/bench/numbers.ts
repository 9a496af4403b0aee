/** The value below which the part `q` of the sorted times lies, with two decimals. */
export function quantile(times: readonly number[], q: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.floor(q * sorted.length));
  return rounded(sorted[index] ?? 0);
}

/** Two decimals; three where the number is below 1. */
export function rounded(value: number): number {
  const places = Math.abs(value) < 1 ? 1000 : 100;
  return Math.round(value * places) / places;
}
