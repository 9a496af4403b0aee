import { join } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { lostOwnership } from "./owner-epoch.ts";
import { migrate } from "./schema.ts";
import {
  type Database,
  isNotADatabaseError,
  makeDurable,
  openSqlite,
  type Statement,
} from "./sqlite.ts";

/** What may be done to a vault outside a write: prepared reads. */
export interface VaultReader {
  /** A statement prepared once and kept. */
  sql(text: string): Statement;
}

/**
 * One agent's encrypted database. Reads go through `sql`; every change goes through `write`, which
 * groups commits and refuses when another process has become the owner (rule L1).
 */
export class Vault implements VaultReader {
  private readonly db: Database;
  private readonly commits: GroupCommit;
  private readonly statements = new Map<string, Statement>();

  private constructor(db: Database, epoch: number) {
    this.db = db;
    const current = this.sql("SELECT owner_epoch AS epoch FROM agent");
    this.commits = new GroupCommit(db, () => {
      const row = current.get<{ epoch: number }>();
      if (row && row.epoch !== epoch) throw lostOwnership();
    });
  }

  /** Creates `vault.db` for a new agent. */
  static create(
    folder: string,
    key: Uint8Array,
    agent: {
      name: string;
      seed: Uint8Array;
      registrationId: number;
      createdAt: number;
      epoch: number;
    },
  ): Vault {
    const db = openFile(folder, key);
    db.prepare(
      "INSERT INTO agent (one, name, seed, registration_id, created_at, owner_epoch) VALUES (1, ?, ?, ?, ?, ?)",
    ).run([agent.name, agent.seed, agent.registrationId, agent.createdAt, agent.epoch]);
    return new Vault(db, agent.epoch);
  }

  /** Opens an agent's vault for the owner with this epoch, which from now on is the only writer. */
  static open(folder: string, key: Uint8Array, epoch: number): Vault {
    const db = openFile(folder, key);
    const claimed = db
      .prepare("UPDATE agent SET owner_epoch = ? WHERE owner_epoch <= ?")
      .run([epoch, epoch]);
    if (claimed.changes !== 1) {
      db.close();
      throw lostOwnership();
    }
    return new Vault(db, epoch);
  }

  sql(text: string): Statement {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.db.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }

  /** Runs a synchronous change; resolves with its value once it is on disk. */
  write<T>(change: () => T): Promise<T> {
    return this.commits.write(change);
  }

  close(): void {
    this.commits.flush();
    this.db.close();
  }
}

function openFile(folder: string, key: Uint8Array): Database {
  const path = join(folder, "vault.db");
  let db: Database;
  try {
    db = openSqlite(path, { key });
  } catch (cause) {
    if (!isNotADatabaseError(cause)) throw cause;
    throw new TinyplaceError(
      "vault_damaged",
      `The vault ${path} cannot be opened with its key: it is damaged, or the key beside it belongs to another vault.`,
      "Put vault.db and vault.key back from one backup. Nothing was changed.",
      { cause },
    );
  }
  try {
    makeDurable(db);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
