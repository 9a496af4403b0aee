import { GroupCommit } from "../../vault/group-commit.ts";
import {
  type Database,
  makeDurable,
  openSqlite,
  type SqliteParams,
  type Statement,
} from "../../vault/sqlite.ts";
import type { ContactRow, LibsignalBundle, LibsignalUpload, RelayEnvelope } from "../wire.ts";
import type { RelayStore, StoredOutcome } from "./store.ts";

/** How long a deleted envelope's id is remembered (rule D2), in ms. */
const TOMBSTONE_MS = 8 * 24 * 3600 * 1000;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS envelope (
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
  CREATE INDEX IF NOT EXISTS contact_high ON contact (high);
`;

type Bundle = Omit<LibsignalUpload, "preKeys" | "kyberPreKeys">;

/** The relay's data in one SQLite file. It holds ciphertext and public keys only. */
export class SqliteRelayStore implements RelayStore {
  private readonly db: Database;
  private readonly commits: GroupCommit;
  private readonly statements = new Map<string, Statement>();
  private readonly mailboxLimit: number;

  constructor(path: string, options: { mailboxLimit?: number } = {}) {
    this.mailboxLimit = options.mailboxLimit ?? 10_000;
    this.db = openSqlite(path);
    makeDurable(this.db);
    this.db.exec(SCHEMA);
    this.commits = new GroupCommit(this.db);
  }

  putEnvelope(
    mailbox: string,
    from: string,
    envelope: RelayEnvelope,
    now: number,
  ): Promise<StoredOutcome> {
    const json = JSON.stringify(envelope);
    return this.commits.write(() => {
      this.run("DELETE FROM known_envelope WHERE forget_at < ?", [now]);
      const key = [mailbox, from, envelope.id];
      const known = "SELECT 1 AS n FROM known_envelope WHERE mailbox = ? AND sender = ? AND id = ?";
      if (this.get(known, key)) return "known";
      const count = this.get<{ n: number }>(
        "SELECT count(*) AS n FROM (SELECT 1 FROM envelope WHERE mailbox = ? LIMIT ?)",
        [mailbox, this.mailboxLimit],
      );
      if ((count?.n ?? 0) >= this.mailboxLimit) return "full";
      this.run("INSERT INTO known_envelope (mailbox, sender, id) VALUES (?, ?, ?)", key);
      this.run("INSERT INTO envelope (mailbox, sender, id, json) VALUES (?, ?, ?, ?)", [
        ...key,
        json,
      ]);
      return "stored";
    });
  }

  async envelopes(mailbox: string, limit: number): Promise<RelayEnvelope[]> {
    return this.sql("SELECT json FROM envelope WHERE mailbox = ? ORDER BY seq LIMIT ?")
      .all<{ json: string }>([mailbox, limit])
      .map((row) => JSON.parse(row.json) as RelayEnvelope);
  }

  removeEnvelopes(mailbox: string, ids: readonly string[], now: number): Promise<void> {
    return this.commits.write(() => {
      for (const id of ids) {
        this.run(
          `UPDATE known_envelope SET forget_at = ? WHERE mailbox = ? AND id = ? AND sender IN
           (SELECT sender FROM envelope WHERE mailbox = ? AND id = ?)`,
          [now + TOMBSTONE_MS, mailbox, id, mailbox, id],
        );
        this.run("DELETE FROM envelope WHERE mailbox = ? AND id = ?", [mailbox, id]);
      }
    });
  }

  publish(agent: string, upload: LibsignalUpload): Promise<void> {
    const { preKeys, kyberPreKeys, ...bundle } = upload;
    return this.commits.write(() => {
      const json = JSON.stringify(bundle);
      this.run("INSERT OR REPLACE INTO bundle (agent, json) VALUES (?, ?)", [agent, json]);
      for (const key of preKeys) this.addKey(agent, "ec", key);
      for (const key of kyberPreKeys) this.addKey(agent, "kyber", key);
    });
  }

  takeBundle(agent: string): Promise<LibsignalBundle | null> {
    return this.commits.write(() => {
      const row = this.get<{ json: string }>("SELECT json FROM bundle WHERE agent = ?", [agent]);
      if (!row) return null;
      const { kyberLastResort, ...bundle } = JSON.parse(row.json) as Bundle;
      const preKey = this.takeKey<LibsignalBundle["preKey"]>(agent, "ec");
      const kyber = this.takeKey<LibsignalBundle["kyberPreKey"]>(agent, "kyber");
      return { ...bundle, preKey, kyberPreKey: kyber ?? kyberLastResort };
    });
  }

  async keyCounts(
    agent: string,
  ): Promise<{ preKeyCount: number; kyberPreKeyCount: number } | null> {
    if (!this.get("SELECT 1 AS n FROM bundle WHERE agent = ?", [agent])) return null;
    const count = (kind: string) =>
      this.get<{ n: number }>(
        "SELECT count(*) AS n FROM one_time_key WHERE agent = ? AND kind = ?",
        [agent, kind],
      )?.n ?? 0;
    return { preKeyCount: count("ec"), kyberPreKeyCount: count("kyber") };
  }

  async contact(a: string, b: string): Promise<ContactRow | null> {
    const row = this.get<{ json: string }>(
      "SELECT json FROM contact WHERE low = ? AND high = ?",
      pair(a, b),
    );
    return row ? (JSON.parse(row.json) as ContactRow) : null;
  }

  async contactsOf(agent: string): Promise<ContactRow[]> {
    return this.sql("SELECT json FROM contact WHERE low = ? OR high = ? ORDER BY low, high")
      .all<{ json: string }>([agent, agent])
      .map((row) => JSON.parse(row.json) as ContactRow);
  }

  saveContact(row: ContactRow): Promise<void> {
    return this.commits.write(() => {
      this.run("INSERT OR REPLACE INTO contact (low, high, json) VALUES (?, ?, ?)", [
        ...pair(row.requester, row.addressee),
        JSON.stringify(row),
      ]);
    });
  }

  removeContact(a: string, b: string): Promise<void> {
    return this.commits.write(() => {
      this.run("DELETE FROM contact WHERE low = ? AND high = ?", pair(a, b));
    });
  }

  async close(): Promise<void> {
    this.commits.flush();
    this.db.close();
  }

  private addKey(agent: string, kind: string, key: { id: number }): void {
    this.run("INSERT OR REPLACE INTO one_time_key (agent, kind, id, json) VALUES (?, ?, ?, ?)", [
      agent,
      kind,
      key.id,
      JSON.stringify(key),
    ]);
  }

  private takeKey<T>(agent: string, kind: string): T | null {
    const row = this.get<{ seq: number; json: string }>(
      "SELECT seq, json FROM one_time_key WHERE agent = ? AND kind = ? ORDER BY seq LIMIT 1",
      [agent, kind],
    );
    if (!row) return null;
    this.run("DELETE FROM one_time_key WHERE seq = ?", [row.seq]);
    return JSON.parse(row.json) as T;
  }

  private sql(text: string): Statement {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.db.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }

  private run(text: string, params: SqliteParams): void {
    this.sql(text).run(params);
  }

  private get<Row>(text: string, params: SqliteParams): Row | undefined {
    return this.sql(text).get<Row>(params);
  }
}

function pair(a: string, b: string): [string, string] {
  return a < b ? [a, b] : [b, a];
}
