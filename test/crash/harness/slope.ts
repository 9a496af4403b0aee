export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** The line through the samples with the least squares: its rise in an hour, with one decimal. */
export function slopePerHour(samples: readonly Sample[]): number | null {
  if (samples.length < 2) return null;
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [atMean, valueMean] = [mean(({ atMs }) => atMs), mean(({ value }) => value)];
  const spread = mean(({ atMs }) => (atMs - atMean) ** 2);
  if (spread === 0) return null;
  const rise = mean(({ atMs, value }) => (atMs - atMean) * (value - valueMean)) / spread;
  return Math.round(rise * 3_600_000 * 10) / 10;
}
