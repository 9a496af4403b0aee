import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { JOB_LIFETIME_MS } from "../job-table.ts";
import { removeOrphans } from "../salvage.ts";
import { migrate, NEWEST_VERSION } from "../schema.ts";
import type { VaultIdentity } from "../sealed-identity.ts";
import { forgetIndex } from "../search-index.ts";
import { type Database, openSqlite, type SqliteParams } from "../sqlite.ts";
import { vaultPath } from "../vault-file.ts";
import { altered, BackupReader, newerBackup } from "./container.ts";
import { copiedTables } from "./tables.ts";

const base64 = z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64")));
const manifest = z.object({
  schema: z.number().int().positive(),
  writtenAt: z.number().int(),
  agent: z.object({
    name: z.string().min(1),
    seed: base64.refine((seed) => seed.length === 32),
    registrationId: z.number().int(),
    createdAt: z.number().int(),
  }),
});
const value = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.object({ b: base64 }).transform((one) => one.b),
]);
const page = z.object({
  table: z.string(),
  columns: z.array(z.string()).min(1),
  rows: z.array(z.array(value)),
});

/** What waits is sent again only to peers that drop what they have; else nobody is written to twice. */
const NOT_SENT =
  "It waited when the backup was made, and whether it was sent since is not known. Send it again if it matters";

export interface Restored {
  readonly messages: number;
  /** Unsent mail that goes out from here, and that does not. */
  readonly queued: number;
  readonly notSent: number;
}

/** One backup, opened with its passphrase; its first part is read. */
export class Backup {
  readonly agent: z.infer<typeof manifest>["agent"];
  readonly writtenAt: number;
  private readonly schema: number;
  private readonly reader: BackupReader;

  private constructor(reader: BackupReader, first: z.infer<typeof manifest>) {
    this.reader = reader;
    this.agent = first.agent;
    this.writtenAt = first.writtenAt;
    this.schema = first.schema;
  }

  /** Throws as `BackupReader.open` does, and `backup_unreadable` for a newer version's. */
  static async open(path: string, passphrase: string): Promise<Backup> {
    const reader = await BackupReader.open(path, passphrase);
    try {
      const first = manifest.safeParse(reader.next());
      if (!first.success) throw altered();
      if (first.data.schema > NEWEST_VERSION) throw newerBackup();
      return new Backup(reader, first.data);
    } catch (error) {
      reader.close();
      throw error;
    }
  }

  close(): void {
    this.reader.close();
  }

  /**
   * Makes `vault.db` of it in a new folder, under the key. Throws `backup_unreadable`, and leaves the
   * folder to whoever made it. @param now ms
   */
  async restore(
    folder: string,
    key: Uint8Array,
    { identity, now }: { identity: VaultIdentity; now: number },
  ): Promise<Restored> {
    const db = openSqlite(vaultPath(folder), { key });
    try {
      migrate(db, this.schema);
      // Rows come before those they point to.
      db.pragma("foreign_keys=OFF");
      db.exec("BEGIN IMMEDIATE");
      db.prepare(
        `INSERT INTO agent (one, name, seed, registration_id, created_at, owner_epoch)
         VALUES (1, ?, ?, ?, ?, 0)`,
      ).run([identity.name, identity.seed, identity.registrationId, identity.createdAt]);
      await this.copyRows(db);
      removeOrphans(db);
      db.exec("COMMIT");
      migrate(db);
      forgetIndex(db);
      return settle(db, now);
    } finally {
      db.close();
    }
  }

  private async copyRows(db: Database): Promise<void> {
    const tables = new Map(copiedTables(db).map((one) => [one.name, new Set(one.columns)]));
    for (;;) {
      const part = this.reader.next();
      if (part === null) return;
      const parsed = page.safeParse(part);
      // The last part says how much there was.
      if (!parsed.success && z.object({ messages: z.number() }).safeParse(part).success) continue;
      if (!parsed.success) throw altered();
      const { table, columns, rows } = parsed.data;
      const known = tables.get(table);
      if (!known || columns.some((column) => !known.has(column))) throw altered();
      const insert = db.prepare(
        `INSERT INTO "${table}" (${columns.map((one) => `"${one}"`).join(", ")})
         VALUES (${columns.map(() => "?").join(", ")})`,
      );
      for (const row of rows) insert.run(row as SqliteParams);
      await nextTurn();
    }
  }
}

/** What stood in the middle of things when the backup was made. */
function settle(db: Database, now: number): Restored {
  db.exec("BEGIN IMMEDIATE");
  // Control messages belong to sessions that are not here.
  db.exec("DELETE FROM job WHERE message IS NULL");
  const ended = db
    .prepare(
      `UPDATE outgoing SET ended = 'failed', ended_at = ?, problem = ?
       WHERE ended IS NULL AND message IN (SELECT message FROM job WHERE recipient NOT IN
         (SELECT peer FROM peer WHERE suite = 'libsignal'))`,
    )
    .run([now, NOT_SENT]);
  db.exec(
    "DELETE FROM job WHERE message IN (SELECT message FROM outgoing WHERE ended IS NOT NULL)",
  );
  db.prepare("UPDATE job SET envelope = NULL, attempts = 0, next_at = ?, expires_at = ?").run([
    now,
    now + JOB_LIFETIME_MS,
  ]);
  db.exec("UPDATE peer SET repair_asked_at = NULL, repair_asks = 0, repair_answered_at = NULL");
  // Nobody here was handed it: the number will be another delivery's.
  db.exec("UPDATE hold SET delivery = NULL");
  // What could not be read is asked for again, in the sessions that begin.
  db.exec("UPDATE quarantine SET state = 'open' WHERE state = 'asked'");
  db.prepare("INSERT INTO activity (at, kind) VALUES (?, 'imported')").run([now]);
  db.exec("COMMIT");
  const count = (sql: string) => db.prepare(sql).get<{ n: number }>()?.n ?? 0;
  return {
    messages: count("SELECT count(*) AS n FROM message"),
    queued: count("SELECT count(*) AS n FROM job"),
    notSent: ended.changes,
  };
}
