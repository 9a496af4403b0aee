import type { TinyplaceError } from "../../shared/errors/errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { lostOwnership } from "./owner-epoch.ts";
import type { VaultIdentity } from "./sealed-identity.ts";
import { markSound } from "./sound-mark.ts";
import { type Database, openSqlite, type SqliteParams, type Statement } from "./sqlite.ts";
import { asStorageError, isStorageError } from "./storage-errors.ts";
import {
  createVaultFile,
  type OpenedFile,
  openVaultFile,
  suspectVault,
  vaultPath,
} from "./vault-file.ts";

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
  /** Told whenever `problem` changes. */
  onProblem: () => void = () => undefined;
  private readonly folder: string;
  private readonly db: Database;
  private readonly checkedAt: number;
  private readonly key: Uint8Array;
  private readonly commits: GroupCommit;
  private readonly statements = new Map<string, Statement>();
  private trouble: TinyplaceError | null = null;

  private constructor(
    folder: string,
    { db, checkedAt }: OpenedFile,
    key: Uint8Array,
    epoch: number,
  ) {
    this.folder = folder;
    this.db = db;
    this.checkedAt = checkedAt;
    this.key = key;
    const current = this.sql("SELECT owner_epoch AS epoch FROM agent");
    this.commits = new GroupCommit(db, {
      before: () => {
        const row = current.get<{ epoch: number }>();
        if (row && row.epoch !== epoch) throw lostOwnership();
      },
      after: (error) => this.noteTrouble(error),
    });
  }

  /** Why nothing can be kept at this moment (a full disk ...); null once a write went through again. */
  get problem(): TinyplaceError | null {
    return this.trouble;
  }

  /** Makes the vault of a new agent in its folder, and opens it. */
  static create(folder: string, key: Uint8Array, agent: VaultIdentity & { epoch: number }): Vault {
    createVaultFile(folder, key, agent);
    return Vault.open(folder, key, agent.epoch, agent.createdAt);
  }

  /**
   * Opens an agent's vault for the owner with this epoch, which from now on is the only writer. What
   * is damaged is rescued first. Throws `vault_damaged` where nothing can be, `host_running`.
   * @param now ms since the epoch, for the record of an incident
   */
  static open(folder: string, key: Uint8Array, epoch: number, now = Date.now()): Vault {
    const opened = openVaultFile(folder, key, now);
    try {
      const claimed = opened.db
        .prepare("UPDATE agent SET owner_epoch = ? WHERE owner_epoch <= ?")
        .run([epoch, epoch]);
      if (claimed.changes !== 1) throw lostOwnership();
      return new Vault(folder, opened, key, epoch);
    } catch (error) {
      opened.db.close();
      throw error;
    }
  }

  sql(text: string): Statement {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.explained(this.db.prepare(text));
      this.statements.set(text, statement);
    }
    return statement;
  }

  /** Runs a synchronous change; resolves with its value once it is on disk. */
  write<T>(change: () => T): Promise<T> {
    return this.commits.write(change);
  }

  /** As `write`, with the next one that comes within some ms: for what nobody waits for. */
  writeLater<T>(change: () => T): Promise<T> {
    return this.commits.writeLater(change);
  }

  /** Reads the vault as it is on disk at one moment, while writes go on. */
  async snapshot<T>(read: (db: Database) => Promise<T>): Promise<T> {
    const db = openSqlite(vaultPath(this.folder), { key: this.key });
    try {
      db.exec("BEGIN");
      // The first read settles the moment.
      db.prepare("SELECT one FROM agent").get();
      return await read(db);
    } finally {
      db.close();
    }
  }

  close(): void {
    this.commits.flush();
    this.db.close();
    if (this.trouble === null) markSound(vaultPath(this.folder), this.checkedAt);
  }

  /** The same statement, its errors in words for a person where they are the disk's. */
  private explained(statement: Statement): Statement {
    const attempt = <T>(act: () => T): T => {
      try {
        return act();
      } catch (thrown) {
        const error = asStorageError(thrown);
        if (isStorageError(error)) this.noteTrouble(error);
        throw error;
      }
    };
    // A binding tells a parameter that is undefined from none.
    return {
      run: (...given) => attempt(() => statement.run(...given)),
      get: <Row>(...given: [SqliteParams?]) => attempt(() => statement.get<Row>(...given)),
      all: <Row>(...given: [SqliteParams?]) => attempt(() => statement.all<Row>(...given)),
    };
  }

  private noteTrouble(error: unknown): void {
    const trouble = isStorageError(error) ? (error as TinyplaceError) : null;
    if (trouble?.code === "vault_damaged") suspectVault(this.folder);
    // Damage stays until the next open; everything else is over with the next write that works.
    if (trouble?.code === this.trouble?.code || this.trouble?.code === "vault_damaged") return;
    this.trouble = trouble;
    this.onProblem();
  }
}
