/** The time of day, in ms since the epoch. Tests hand in a clock they set by hand. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
