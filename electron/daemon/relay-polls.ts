/** Polls that leave the relay in peace while its doorbell works, at least and at most. */
const QUIET_AT_LEAST = 8;
const QUIET_AT_MOST = 12;
/** A poll that comes this much later than it was due: the machine slept, or its clock was set. In ms. */
const SLEPT_MS = 10_000;

/**
 * Which polls ask the relay. While a doorbell that rings for everything is connected nothing has to be
 * asked for; a ring that was lost all the same is made up for within minutes, at no fixed time, so that
 * many agents do not ask at once.
 */
export class RelayPolls {
  private left = 0;

  /** The next poll asks, whatever the doorbell does. */
  askNext(): void {
    this.left = 0;
  }

  /** Everything was asked for just now. @param random in [0, 1) */
  asked(random: number): void {
    this.left = QUIET_AT_LEAST + Math.floor(random * (QUIET_AT_MOST - QUIET_AT_LEAST + 1));
  }

  /**
   * Whether this poll asks.
   * @param rings the doorbell is connected, and rings for all that comes
   * @param lateMs by the clock, against when the poll was due
   */
  asks(rings: boolean, lateMs: number, random: number): boolean {
    if (rings && Math.abs(lateMs) < SLEPT_MS && this.left > 0) {
      this.left--;
      return false;
    }
    this.asked(random);
    return true;
  }
}
