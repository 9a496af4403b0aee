import { type Database, isDamageError, openSqlite, type SqliteParams } from "./sqlite.ts";

type Row = Record<string, string | number | Uint8Array | null>;

/**
 * Reads a database of which parts cannot be read. What touches a damaged page answers null; the
 * connection is then opened again, since one of the bindings refuses everything after the first.
 */
export class DamagedReader {
  private readonly path: string | null;
  private readonly key: Uint8Array;
  private db: Database | null = null;

  /** @param path null where there is nothing to read: every question is answered with null. */
  constructor(path: string | null, key: Uint8Array) {
    this.path = path;
    this.key = key;
  }

  /** Null: damaged. Other errors (a full disk, a bug) are thrown. */
  all<T = Row>(sql: string, params: SqliteParams = []): T[] | null {
    if (this.path === null) return null;
    try {
      this.db ??= openSqlite(this.path, { key: this.key });
      return this.db.prepare(sql).all<T>(params);
    } catch (error) {
      if (!isDamageError(error)) throw error;
      this.close();
      return null;
    }
  }

  get<T = Row>(sql: string, params: SqliteParams = []): T | null {
    return this.all<T>(sql, params)?.[0] ?? null;
  }

  close(): void {
    this.db?.close();
    this.db = null;
  }
}
