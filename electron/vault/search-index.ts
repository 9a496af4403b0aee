import type { Database } from "./sqlite.ts";
import type { VaultReader } from "./vault.ts";

/**
 * The two full-text indexes. `message_text` holds all mail; it is filled when somebody searches, not
 * when mail comes, whose way must not wait for it. `recent_text` holds the newest messages alone, in
 * memory: what a person looks for is mostly there, and what it costs does not grow with the vault.
 */
export type SearchIndex = "message_text" | "recent_text";

/** What is indexed at once, in messages and bytes: everything else waits meanwhile. */
const PART = 250;
const PART_BYTES = 2 ** 18;
const INDEXED = "SELECT value AS seq FROM setting WHERE name = 'search_indexed'";

/** Indexes some more messages, inside `Vault.write`. */
export function indexSome(vault: VaultReader): void {
  const from = indexedTo(vault);
  const part = partAfter(vault, from);
  if (part === null) return;
  vault
    .sql(
      "INSERT INTO message_text (rowid, text) SELECT seq, text FROM message WHERE seq > ? AND seq <= ?",
    )
    .run([from, part.to]);
  vault
    .sql("INSERT OR REPLACE INTO setting (name, value) VALUES ('search_indexed', ?)")
    .run([String(part.to)]);
}

/** Everything is indexed anew: after a rescue the index is empty, whatever the setting says. */
export function forgetIndex(db: Database): void {
  db.exec("DELETE FROM setting WHERE name = 'search_indexed'");
}

export function isIndexed(vault: VaultReader): boolean {
  return partAfter(vault, indexedTo(vault)) === null;
}

function indexedTo(vault: VaultReader): number {
  return Number(vault.sql(INDEXED).get<{ seq: string }>()?.seq ?? 0);
}

interface Part {
  /** The last `seq` of it. */
  readonly to: number;
  readonly count: number;
  readonly bytes: number;
}

/** The next messages after a `seq`; null when there is none. */
function partAfter(vault: VaultReader, from: number): Part | null {
  const rows = vault
    .sql("SELECT seq, octet_length(text) AS bytes FROM message WHERE seq > ? ORDER BY seq LIMIT ?")
    .all<{ seq: number; bytes: number }>([from, PART]);
  let part = { to: from, count: 0, bytes: 0 };
  for (const { seq, bytes } of rows) {
    if (part.count > 0 && part.bytes + bytes > PART_BYTES) break;
    part = { to: seq, count: part.count + 1, bytes: part.bytes + bytes };
  }
  return part.count === 0 ? null : part;
}

/** So many of the newest messages are in `recent_text`, and up to twice as many. */
const RECENT = 2000;
/** Fewer where they are long. */
const RECENT_BYTES = 2 ** 21;

/** The newest messages of one open vault, by their words. Of the connection alone: nothing is on disk. */
export class RecentMail {
  private readonly vault: VaultReader;
  /** All messages above `from`, up to `to`, are in it; equal: none. */
  private from = 0;
  private to = 0;
  private count = 0;
  private bytes = 0;

  constructor(vault: VaultReader) {
    this.vault = vault;
    vault.sql("CREATE VIRTUAL TABLE temp.recent_text USING fts5 (text, content = '')").run();
  }

  /** Whatever is not in it is at or below this `seq`; 0 when all mail is. */
  get below(): number {
    return this.from;
  }

  /** Takes some of what came since; false when there was nothing left. */
  takeSome(): boolean {
    if (this.count >= 2 * RECENT || this.bytes >= 2 * RECENT_BYTES) this.clear();
    if (this.to === 0) this.from = this.to = this.beginning();
    const part = partAfter(this.vault, this.to);
    if (part === null) return false;
    this.vault
      .sql(
        "INSERT INTO temp.recent_text (rowid, text) SELECT seq, text FROM message WHERE seq > ? AND seq <= ?",
      )
      .run([this.to, part.to]);
    this.to = part.to;
    this.count += part.count;
    this.bytes += part.bytes;
    return true;
  }

  private clear(): void {
    this.vault.sql("INSERT INTO temp.recent_text (recent_text) VALUES ('delete-all')").run();
    this.from = this.to = this.count = this.bytes = 0;
  }

  /** The `seq` below the newest messages. */
  private beginning(): number {
    const newest = this.vault
      .sql("SELECT seq, octet_length(text) AS bytes FROM message ORDER BY seq DESC LIMIT ?")
      .all<{ seq: number; bytes: number }>([RECENT + 1]);
    let bytes = 0;
    const tooFar = newest.find((row, index) => {
      bytes += row.bytes;
      return index === RECENT || bytes > RECENT_BYTES;
    });
    return tooFar?.seq ?? 0;
  }
}
