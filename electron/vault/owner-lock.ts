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

/** Two processes that start in the same instant can each see the other's first read as busy. */
const TRIES = 5;
const MAX_PAUSE_MS = 15;

/** The lock, or null when another process (or this one) owns the data folder. */
export function acquireOwnerLock(path: string): OwnerLock | null {
  if (held.has(path)) return null;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const lock = tryOnce(path);
    if (lock) return lock;
    pause(1 + Math.random() * MAX_PAUSE_MS);
  }
  return null;
}

function tryOnce(path: string): OwnerLock | null {
  let db: Database | null = null;
  try {
    db = openSqlite(path, { timeoutMs: 0 });
    db.pragma("locking_mode=EXCLUSIVE");
    db.exec("BEGIN EXCLUSIVE");
    const epoch = nextEpoch(db);
    // In exclusive locking mode the commit above kept the file lock; this holds it by an open
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

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function nextEpoch(db: Database): number {
  db.exec(
    "CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER)",
  );
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
