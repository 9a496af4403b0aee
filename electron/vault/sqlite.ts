import SqliteDatabase from "better-sqlite3";

/**
 * The only module that imports the SQLite binding. `better-sqlite3` is better-sqlite3-multiple-ciphers;
 * the bundle for the evaluation runtime aliases it to @signalapp/sqlcipher, whose statements take one
 * array or one object of parameters. This surface is what both share, so the product uses no more;
 * test/integration/sqlite.contract.test.ts runs over both. An empty blob is NULL in one: store none.
 */
type SqliteValue = string | number | bigint | null | Uint8Array;
export type SqliteParams = readonly SqliteValue[] | Readonly<Record<string, SqliteValue>>;

interface RunResult {
  readonly changes: number;
  readonly lastInsertRowid: number | bigint;
}

/**
 * One that runs often asks for `LIMIT +?`: a bare `LIMIT ?` belongs to the plan, and every value that is
 * bound to it makes SQLite prepare the statement anew.
 */
export interface Statement {
  run(params?: SqliteParams): RunResult;
  /** One row of the statement's own shape: callers name it, and parse what older versions wrote. */
  get<Row>(params?: SqliteParams): Row | undefined;
  all<Row>(params?: SqliteParams): Row[];
}

export interface Database {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  pragma(source: string): unknown;
  close(): void;
}

export interface OpenOptions {
  /** 32 bytes; the whole file is encrypted under it (SQLCipher 4 format). */
  readonly key?: Uint8Array;
  /** How long a statement waits for another process's lock, in ms. Default 5000. */
  readonly timeoutMs?: number;
  /** KiB of pages that are kept. Default 600. */
  readonly cacheKib?: number;
}

/** Opens or creates a database file. Throws the binding's error, e.g. SQLITE_NOTADB for a wrong key. */
export function openSqlite(path: string, options: OpenOptions = {}): Database {
  const db = new SqliteDatabase(path) as unknown as Database;
  try {
    if (options.key) {
      if (options.key.length !== 32) throw new Error("a database key has 32 bytes");
      if (isSqlcipher(db)) {
        // It would write a line to stderr for each page it cannot read.
        db.pragma("cipher_log_level=NONE");
      } else {
        db.pragma("cipher='sqlcipher'");
        db.pragma("legacy=4");
      }
      db.pragma(`key="x'${Buffer.from(options.key).toString("hex")}'"`);
    }
    db.pragma(`busy_timeout=${options.timeoutMs ?? 5000}`);
    // Files of SQLite's own, such as the undo journals of savepoints, are not encrypted.
    db.pragma("temp_store=MEMORY");
    // The binding would keep 16 MB of each: what a vault was once read through with, or searched, stays
    // with the process. The system keeps pages, too, encrypted.
    db.pragma(`cache_size=-${options.cacheKib ?? 600}`);
    // The first read proves the key: without it a wrong one would only show at the first query.
    db.prepare("SELECT count(*) AS n FROM sqlite_master").get();
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** SQLCipher itself answers `cipher_version`; SQLite3 Multiple Ciphers must be told its format. */
function isSqlcipher(db: Database): boolean {
  const rows = db.pragma("cipher_version");
  return Array.isArray(rows) && rows.length > 0;
}

/** Settings of every durable database: an acknowledged commit is on disk. */
export function makeDurable(db: Database): void {
  db.pragma("journal_mode=WAL");
  db.pragma("synchronous=FULL");
  // 4 MiB between checkpoints: each one copies what the log holds, and nothing else happens meanwhile.
  db.pragma("wal_autocheckpoint=1024");
  db.pragma("foreign_keys=ON");
}

export function isBusyError(error: unknown): boolean {
  return hasCode(error, "SQLITE_BUSY");
}

/** What was read is damaged, is no database, or is not under this key. */
export function isDamageError(error: unknown): boolean {
  // Where SQLCipher meets a page that is not what it wrote, SQLite at times knows no better word.
  if (hasCode(error, "SQLITE_ERROR")) return (error as Error).message.includes("SQL logic error");
  return DAMAGE.some((code) => hasCode(error, code));
}

const DAMAGE = [
  "SQLITE_NOTADB",
  "SQLITE_CORRUPT",
  "SQLITE_IOERR_SHORT_READ",
  "SQLITE_IOERR_DATA",
  "SQLITE_IOERR_CORRUPTFS",
];

/** Extended codes (SQLITE_BUSY_SNAPSHOT ...) begin with their primary code. */
function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false;
  const own = (error as { code?: unknown }).code;
  return (typeof own === "string" && own.startsWith(code)) || error.message.includes(code);
}
