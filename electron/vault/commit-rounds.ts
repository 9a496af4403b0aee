/** How long a round gathers writes at most, as a multiple of what the last round took. */
const GATHER_PER_COMMIT = 3;
/** However dear the last round was, the next gathers no longer than this, in ms. */
const LONGEST_GATHER_MS = 8;

/**
 * When the databases of this process commit. A commit at synchronous=FULL blocks the event loop, and
 * costs nearly the same for one write as for twenty, so all databases commit in one round. A round
 * waits while each turn of the event loop brings another write, up to twice what the last one took:
 * a quiet program commits at once, a busy one gathers larger groups instead of waiting for the disk.
 */
class CommitRounds {
  private due = new Set<() => void>();
  private gatheredUntil = 0;
  private gatherMs = 0;
  private grew = false;
  private rounds = 0;

  /** Rounds so far. */
  get count(): number {
    return this.rounds;
  }

  /** Calls `flush`, which must not throw, in the next round. Another write of the same: call again. */
  request(flush: () => void): void {
    this.grew = true;
    if (this.due.size === 0) {
      this.gatheredUntil = performance.now() + this.gatherMs;
      setImmediate(() => this.run());
    }
    this.due.add(flush);
  }

  private run(): void {
    const start = performance.now();
    if (this.grew && start < this.gatheredUntil) {
      this.grew = false;
      // Not a timer: its resolution of 1 ms is too coarse, and other events run in between.
      setImmediate(() => this.run());
      return;
    }
    const due = this.due;
    this.due = new Set();
    this.rounds++;
    for (const flush of due) flush();
    this.gatherMs = Math.min(LONGEST_GATHER_MS, (performance.now() - start) * GATHER_PER_COMMIT);
  }
}

export const commitRounds = new CommitRounds();
