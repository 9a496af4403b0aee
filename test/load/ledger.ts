/** What became of every message of a load run, judged at the clients alone. */
interface Fate {
  /** When it was due, in ms of `performance.now()`. */
  readonly due: number;
  accepted: boolean;
  /** When its receiver first had it; null before. */
  delivered: number | null;
  /** Its receiver was told that it is gone from the mailbox. */
  removed: boolean;
}

export interface LoadCounts {
  readonly sent: number;
  readonly accepted: number;
  readonly delivered: number;
  /** Accepted and never delivered. */
  readonly lost: number;
  /** Given again after its removal was confirmed, or twice in one page. */
  readonly duplicated: number;
  /** Given again because nobody had confirmed its removal: a receiver knows it by its id. */
  readonly redelivered: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

export class Ledger {
  private readonly fates = new Map<string, Fate>();
  private duplicated = 0;
  private redelivered = 0;

  due(id: string, at: number): void {
    this.fates.set(id, { due: at, accepted: false, delivered: null, removed: false });
  }

  accept(id: string): void {
    this.fateOf(id).accepted = true;
  }

  /** One page of a mailbox, as it was listed. */
  page(ids: readonly string[], now: number): void {
    const seen = new Set<string>();
    for (const id of ids) {
      const fate = this.fateOf(id);
      if (seen.has(id) || fate.removed) this.duplicated++;
      else if (fate.delivered !== null) this.redelivered++;
      fate.delivered ??= now;
      seen.add(id);
    }
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) this.fateOf(id).removed = true;
  }

  /** Everything sent was accepted, and everything accepted has arrived. */
  settled(): boolean {
    return [...this.fates.values()].every((fate) => fate.accepted && fate.delivered !== null);
  }

  counts(): LoadCounts {
    const all = [...this.fates.values()];
    const accepted = all.filter((fate) => fate.accepted);
    const times = all
      .flatMap(({ due, delivered }) => (delivered === null ? [] : [delivered - due]))
      .sort((a, b) => a - b);
    const at = (part: number) => Math.round(times[Math.floor((times.length - 1) * part)] ?? 0);
    return {
      sent: all.length,
      accepted: accepted.length,
      delivered: times.length,
      lost: accepted.filter((fate) => fate.delivered === null).length,
      duplicated: this.duplicated,
      redelivered: this.redelivered,
      p50_ms: at(0.5),
      p99_ms: at(0.99),
      max_ms: at(1),
    };
  }

  private fateOf(id: string): Fate {
    const fate = this.fates.get(id);
    if (!fate) throw new Error(`a message nobody sent: ${id}`);
    return fate;
  }
}
