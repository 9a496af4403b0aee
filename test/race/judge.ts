/** A line of the contenders' common log: who says, from within, that it holds the lock. */
export interface LogLine {
  /** Monotonic, common to all processes of the machine, in ms. */
  readonly at: number;
  readonly pid: number;
  readonly epoch: number;
}

/**
 * What the witness saw from outside, between two moments: who held the lock, or who answered. The
 * kernel's list may name one process more than once.
 */
export interface Probe {
  readonly from: number;
  readonly to: number;
  readonly pids: readonly number[];
}

export interface Round {
  /** When SIGKILL was sent to the owner before, and who that was; 0 and null for the first round. */
  readonly killedAt: number;
  readonly killed: number | null;
  /** When it was sent to this round's owner. */
  readonly endedAt: number;
}

export interface Verdict {
  readonly double_owners: number;
  readonly no_owner: number;
  /** From each kill to the lock held by the next, in ms. */
  readonly takeovers: readonly number[];
}

/**
 * Judges rounds from the log and the probes alone. The owner of a round is who says so first after the
 * kill, the killed one aside, whose last line may cross with the signal. A round has a double owner
 * where, wholly within that owner's time, a line or a probe names somebody else, the killed one too;
 * where a probe names two at once; or where the epoch is not a new one.
 */
export function judge(
  rounds: readonly Round[],
  log: readonly LogLine[],
  probes: readonly Probe[],
): Verdict {
  const lines = [...log].sort((a, b) => a.at - b.at);
  const takeovers: number[] = [];
  let [double, none, highest] = [0, 0, 0];
  for (const { killedAt, killed, endedAt } of rounds) {
    const said = lines.filter((line) => line.at > killedAt && line.at <= endedAt);
    const owner = said.find((line) => line.pid !== killed);
    if (!owner) {
      none++;
      continue;
    }
    if (killed !== null) takeovers.push(owner.at - killedAt);
    const own = said.filter((line) => line.at >= owner.at);
    const seen = probes.filter((probe) => probe.from >= owner.at && probe.to <= endedAt);
    const others =
      own.some((line) => line.pid !== owner.pid) ||
      seen.some((probe) => probe.pids.some((pid) => pid !== owner.pid));
    const two = probes.some(
      (probe) => probe.from >= killedAt && probe.to <= endedAt && new Set(probe.pids).size > 1,
    );
    if (others || two || owner.epoch <= highest) double++;
    highest = Math.max(highest, ...own.map((line) => line.epoch));
  }
  return { double_owners: double, no_owner: none, takeovers };
}
