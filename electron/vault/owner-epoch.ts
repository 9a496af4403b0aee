import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { Database } from "./sqlite.ts";

/**
 * Makes the owner with this epoch the only writer of a database, from now on. Returns what to run
 * first in every transaction: it throws `host_running` once a later owner has claimed the database.
 */
export function claimOwnerEpoch(db: Database, epoch: number): () => void {
  db.exec("BEGIN IMMEDIATE");
  try {
    db.exec(
      "CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL)",
    );
    const current = db.prepare("SELECT epoch FROM owner").get<{ epoch: number }>();
    if (current && current.epoch > epoch) throw lostOwnership();
    db.prepare("INSERT OR REPLACE INTO owner (one, epoch) VALUES (1, ?)").run([epoch]);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
  const current = db.prepare("SELECT epoch FROM owner");
  return () => {
    if (current.get<{ epoch: number }>()?.epoch !== epoch) throw lostOwnership();
  };
}

export function lostOwnership(): TinyplaceError {
  return new TinyplaceError(
    "host_running",
    "Another tinyplace process has become the owner of this data folder.",
    "Use that one; `tinyplace status` says which it is. Nothing was written here.",
  );
}
