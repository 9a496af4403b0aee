import { type KernelLock, tryKernelLock } from "./kernel-lock.ts";
import type { Database } from "./sqlite.ts";

/** The right to own a data folder (rule L1): one process at a time, for as long as it lives. */
export interface OwnerLock extends KernelLock {
  /** Grows with every owner of this data folder; every write to a vault or the relay checks it. */
  readonly epoch: number;
}

/** One try: the lock, or null when another process (or this one) owns the data folder. */
export function acquireOwnerLock(path: string): OwnerLock | null {
  let epoch = 0;
  const lock = tryKernelLock(path, (db) => {
    epoch = nextEpoch(db);
  });
  return lock && { ...lock, epoch };
}

/**
 * Never below the time of day in ms: a lock file that somebody deleted begins anew, and its epochs
 * must still be higher than those the databases have seen.
 */
function nextEpoch(db: Database): number {
  db.exec(
    "CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER)",
  );
  const row = db.prepare("SELECT epoch FROM owner").get<{ epoch: number }>();
  const epoch = Math.max((row?.epoch ?? 0) + 1, Date.now());
  db.prepare("INSERT OR REPLACE INTO owner (one, epoch) VALUES (1, ?)").run([epoch]);
  return epoch;
}
