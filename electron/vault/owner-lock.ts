import { type Database, isBusyError, openSqlite } from "./sqlite.ts";

/**
 * One owner per data folder (rule L1). The lock is an open EXCLUSIVE transaction on a SQLite file used
 * for nothing else: the kernel drops it when the process dies, so takeover needs no timeouts.
 *
 * POSIX drops a process's locks on a file when *any* descriptor of that file closes in the process, so
 * a second open of the same file by the owner would lose the lock. `held` makes that impossible here.
 */
export interface OwnerLock {
  /** Grows with every owner of this data folder; vault writes check it. */
  readonly epoch: number;
  release(): void;
}

const held = new Set<string>();

/** The lock, or null when another process (or this one) owns the data folder. */
export function acquireOwnerLock(path: string): OwnerLock | null {
  if (held.has(path)) return null;
  let db: Database | null = null;
  try {
    db = openLockFile(path);
    const epoch = nextEpoch(db);
    // In exclusive locking mode the commit above kept the file lock; this only keeps it held by a
    // transaction as well, so that no reader can slip in.
    db.exec("BEGIN EXCLUSIVE");
    held.add(path);
    return { epoch, release: releaser(db, path) };
  } catch (error) {
    db?.close();
    if (isBusyError(error)) return null;
    throw error;
  }
}

function openLockFile(path: string): Database {
  const db = openSqlite(path, { timeoutMs: 0 });
  try {
    db.pragma("locking_mode=EXCLUSIVE");
    db.pragma("journal_mode=DELETE");
    db.exec("BEGIN EXCLUSIVE");
    db.exec("CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER)");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function nextEpoch(db: Database): number {
  const row = db.prepare("SELECT epoch FROM owner").get<{ epoch: number }>();
  const epoch = (row?.epoch ?? 0) + 1;
  db.prepare("INSERT OR REPLACE INTO owner (one, epoch) VALUES (1, ?)").run([epoch]);
  db.exec("COMMIT");
  return epoch;
}

function releaser(db: Database, path: string): () => void {
  return () => {
    if (!held.delete(path)) return;
    db.exec("ROLLBACK");
    db.close();
  };
}
