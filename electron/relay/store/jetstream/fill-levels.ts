import type { Bounds } from "../sender-share.ts";
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
  private readonly known = new Map<string, Promise<Level>>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /**
   * Takes room for one envelope of `size` bytes; null when there is none, otherwise how full it is now.
   * @param all the subjects that share the bounds
   */
  async take(stream: string, all: string, size: number, bounds: Bounds): Promise<Level | null> {
    const level = await this.level(stream, all, FRESH_MS);
    return (
      takeFrom(level, size, bounds) ??
      takeFrom(await this.level(stream, all, VERY_FRESH_MS), size, bounds)
    );
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

function takeFrom(level: Level, size: number, bounds: Bounds): Level | null {
  if (level.envelopes >= bounds.limit || level.size + size > bounds.size) return null;
  level.envelopes++;
  level.size += size;
  return level;
}
