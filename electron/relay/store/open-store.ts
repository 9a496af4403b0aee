import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Incident } from "../../../shared/model/snapshot.ts";
import { asideName, moveDatabase } from "../../vault/database-files.ts";
import { type Database, isDamageError, openSqlite } from "../../vault/sqlite.ts";
import { isCutShort } from "../../vault/write-ahead-log.ts";
import { SqliteRelayStore } from "./sqlite-store.ts";

/** A larger database is not read through at every start: about a second for this much. */
const LARGEST_CHECK = 256 * 1024 * 1024;

/**
 * The embedded relay's database. A damaged one is moved aside and a new one made (rule D7): it holds
 * ciphertext that its senders keep until it is confirmed, keys that their owners publish again, and
 * contacts, which agents of one person renew by themselves.
 * @param now ms since the epoch
 */
export function openRelayStore(
  path: string,
  ownerEpoch: number,
  now: number,
): { store: SqliteRelayStore; incident: Incident | null } {
  if (!isDamaged(path))
    return { store: new SqliteRelayStore(path, { ownerEpoch }), incident: null };
  const aside = asideName(path, now);
  moveDatabase(path, aside);
  const words = `The embedded relay's database was damaged, and a new one was made. Mail on its way is sent again by itself; contacts with other people's agents may have to be asked for again. The damaged file is kept as ${basename(aside)}.`;
  const incident = { at: new Date(now).toISOString(), kind: "relay_replaced" as const, words };
  return { store: new SqliteRelayStore(path, { ownerEpoch }), incident };
}

function isDamaged(path: string): boolean {
  if (!existsSync(path)) return false;
  const { size } = statSync(path);
  if (isCutShort(path)) return true;
  let db: Database | null = null;
  try {
    db = openSqlite(path);
    if (size > LARGEST_CHECK) return false;
    const [first] = db.pragma("quick_check(1)") as { quick_check: string }[];
    return size === 0 || first?.quick_check !== "ok";
  } catch (error) {
    if (isDamageError(error)) return true;
    throw error;
  } finally {
    db?.close();
  }
}
