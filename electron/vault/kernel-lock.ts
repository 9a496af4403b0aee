import { TinyplaceError } from "../../shared/errors/errors.ts";
import { type Database, isBusyError, isDamageError, openSqlite } from "./sqlite.ts";
import { asStorageError } from "./storage-errors.ts";

/**
 * A lock that the kernel drops when its holder dies, whatever the death: an open EXCLUSIVE transaction
 * on a SQLite file used for nothing else.
 *
 * POSIX drops a process's locks on a file when *any* descriptor of that file closes in the process, so
 * a second open of the same file by the holder would lose the lock. `held` makes that impossible here.
 */
export interface KernelLock {
  release(): void;
}

const held = new Set<string>();

/**
 * One try, about 0.1 ms: the lock, or null when another process (or this one) holds it. Two processes
 * that try in the same instant may both get null: whoever wants the lock tries again a little later.
 * @param first runs in the first transaction under the lock, before anyone else can know of it.
 */
export function tryKernelLock(path: string, first?: (db: Database) => void): KernelLock | null {
  if (held.has(path)) return null;
  let db: Database | null = null;
  try {
    db = openSqlite(path, { timeoutMs: 0 });
    db.pragma("locking_mode=EXCLUSIVE");
    db.exec("BEGIN EXCLUSIVE");
    if (first) {
      first(db);
      // In exclusive locking mode the commit keeps the file lock; the transaction that follows holds
      // it as well, so that no reader can slip in.
      db.exec("COMMIT");
      db.exec("BEGIN EXCLUSIVE");
    }
    held.add(path);
    return { release: releaser(db, path) };
  } catch (error) {
    db?.close();
    if (isBusyError(error)) return null;
    if (!isDamageError(error)) throw asStorageError(error);
    throw new TinyplaceError(
      "vault_damaged",
      `The lock file ${path} is damaged. It holds no data.`,
      "End every tinyplace process, delete that file, and start again.",
      { cause: error },
    );
  }
}

function releaser(db: Database, path: string): () => void {
  return () => {
    if (!held.delete(path)) return;
    db.exec("ROLLBACK");
    db.close();
  };
}
