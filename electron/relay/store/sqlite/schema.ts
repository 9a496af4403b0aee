import type { Database } from "../../../vault/sqlite.ts";

/** Numbered by position, counted in `user_version`; one that was released is never edited. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS envelope (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox TEXT NOT NULL,
    sender TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS envelope_mailbox ON envelope (mailbox, seq);
  CREATE INDEX IF NOT EXISTS envelope_id ON envelope (mailbox, id);
  CREATE TABLE IF NOT EXISTS known_envelope (
    mailbox TEXT NOT NULL, sender TEXT NOT NULL, id TEXT NOT NULL, forget_at INTEGER,
    PRIMARY KEY (mailbox, sender, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS known_old ON known_envelope (forget_at) WHERE forget_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS bundle (agent TEXT PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS one_time_key (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    agent TEXT NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL, json TEXT NOT NULL,
    UNIQUE (agent, kind, id)
  );
  CREATE TABLE IF NOT EXISTS contact (
    low TEXT NOT NULL, high TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (low, high)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS contact_high ON contact (high);`,

  // The bound of a mailbox is asked at every put: counting its rows would cost the more the fuller.
  `CREATE TABLE mailbox (
    id TEXT PRIMARY KEY, envelopes INTEGER NOT NULL, size INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO mailbox (id, envelopes, size)
    SELECT mailbox, count(*), sum(length(json)) FROM envelope GROUP BY mailbox;
  CREATE TRIGGER envelope_added AFTER INSERT ON envelope BEGIN
    INSERT INTO mailbox (id, envelopes, size) VALUES (new.mailbox, 1, length(new.json))
      ON CONFLICT (id) DO UPDATE SET envelopes = envelopes + 1, size = size + length(new.json);
  END;
  CREATE TRIGGER envelope_removed AFTER DELETE ON envelope BEGIN
    UPDATE mailbox SET envelopes = envelopes - 1, size = size - length(old.json)
      WHERE id = old.mailbox;
    DELETE FROM mailbox WHERE id = old.mailbox AND envelopes = 0;
  END;`,

  // Ids of the network's own pre-keys are text, ours are numbers. The column's integer affinity
  // keeps text as text, so both kinds share the table.
  `ALTER TABLE bundle ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE sdk_key (
    agent TEXT PRIMARY KEY, json TEXT NOT NULL, updated_at INTEGER NOT NULL
  ) WITHOUT ROWID;`,

  `CREATE TABLE lease (
    mailbox TEXT PRIMARY KEY, installation TEXT NOT NULL, host TEXT NOT NULL, since TEXT NOT NULL
  ) WITHOUT ROWID;`,

  `CREATE TABLE handle (
    handle TEXT PRIMARY KEY, agent TEXT NOT NULL, claimed_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX handle_agent ON handle (agent, claimed_at, handle);
  CREATE TABLE card (agent TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;`,

  // What is there already counts as stored now.
  `ALTER TABLE envelope ADD COLUMN stored_at INTEGER NOT NULL DEFAULT 0;
  UPDATE envelope SET stored_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000;`,
];

/** Brings a database to this version's schema, whole steps at a time. */
export function migrate(db: Database): void {
  const row = db.prepare("PRAGMA user_version").get<{ user_version: number }>();
  const version = row?.user_version ?? 0;
  if (version > MIGRATIONS.length) {
    throw new Error("this relay database was written by a newer version of the program");
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(migration);
      db.exec(`PRAGMA user_version=${index + 1}`);
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }
}
