import type { Cluster } from "./cluster.ts";

/** Other relays put and remove, too: what this one knows of a mailbox is read again after this. */
const FRESH_MS = 20_000;
/** Before a sender is told that a mailbox is full it is looked at again, unless that was just done. */
const VERY_FRESH_MS = 500;
const MAX_KNOWN = 50_000;

interface Level {
  envelopes: number;
  size: number;
  readonly at: number;
}

/**
 * How full mailboxes are, as far as this process knows: counting one at every put would cost the more
 * the fuller it is. Over several relays the bound is exceeded by what the others put meanwhile.
 */
export class FillLevels {
  private readonly cluster: Cluster;
  private readonly bounds: { readonly limit: number; readonly size: number };
  private readonly known = new Map<string, Promise<Level>>();

  constructor(cluster: Cluster, bounds: { limit: number; size: number }) {
    this.cluster = cluster;
    this.bounds = bounds;
  }

  /** Takes room for one envelope, in bytes; false when there is none. @param all the mailbox's subjects */
  async take(stream: string, all: string, size: number): Promise<boolean> {
    const level = await this.level(stream, all, FRESH_MS);
    if (this.takeFrom(level, size)) return true;
    return this.takeFrom(await this.level(stream, all, VERY_FRESH_MS), size);
  }

  change(all: string, envelopes: number, size: number): void {
    void this.known.get(all)?.then(
      (level) => {
        level.envelopes += envelopes;
        level.size += size;
      },
      () => undefined,
    );
  }

  private takeFrom(level: Level, size: number): boolean {
    if (level.envelopes >= this.bounds.limit || level.size + size > this.bounds.size) return false;
    level.envelopes++;
    level.size += size;
    return true;
  }

  private async level(stream: string, all: string, maxAge: number): Promise<Level> {
    const level = await this.known.get(all);
    if (level && performance.now() - level.at <= maxAge) return level;
    const read = this.read(stream, all);
    this.known.set(all, read);
    read.catch(() => this.known.delete(all));
    if (this.known.size > MAX_KNOWN) this.known.delete(this.known.keys().next().value as string);
    return read;
  }

  private async read(stream: string, all: string): Promise<Level> {
    const level = { envelopes: 0, size: 0, at: performance.now() };
    // Most mailboxes are empty, and one question says so; a consumer costs more.
    if (!(await this.cluster.next(stream, all, 1))) return level;
    for await (const size of this.cluster.sizes(stream, all)) {
      level.envelopes++;
      level.size += size;
    }
    return level;
  }
}
