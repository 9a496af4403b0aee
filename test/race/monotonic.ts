/** Of the machine's monotonic clock, which all processes share, in ms with fractions. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
