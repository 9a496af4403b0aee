import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Incident } from "../../../shared/model/snapshot.ts";
import type { Clock } from "../../platform/clock.ts";
import { asideName, moveDatabase } from "../../vault/database-files.ts";
import { markSound, removeSoundMark, soundSince } from "../../vault/sound-mark.ts";
import { type Database, isDamageError, openSqlite } from "../../vault/sqlite.ts";
import { isCutShort } from "../../vault/write-ahead-log.ts";
import { SqliteRelayStore } from "./sqlite-store.ts";

/** A larger database is not read through at every start: about a second for this much. */
const LARGEST_CHECK = 256 * 1024 * 1024;

export interface OpenedStore {
  readonly store: SqliteRelayStore;
  readonly incident: Incident | null;
  /** Closes it, and notes that its file need not be read through at the next open. */
  close(): Promise<void>;
}

/**
 * The embedded relay's database. A damaged one is moved aside and a new one made (rule D7): it holds
 * ciphertext that its senders keep until it is confirmed, keys that their owners publish again, and
 * contacts, which agents of one person renew by themselves. As a vault, one that was closed in order and
 * not touched since is not read through again: see `sound-mark.ts`.
 * @param damaged told once when damage is met at work, which the next start mends
 */
export function openRelayStore(
  path: string,
  ownerEpoch: number,
  clock: Clock,
  damaged: (incident: Incident) => void,
): OpenedStore {
  const now = clock.now();
  const soundAt = soundSince(path, now);
  const incident = isDamaged(path, soundAt !== null) ? moveAside(path, now) : null;
  removeSoundMark(path);
  const store = new SqliteRelayStore(path, {
    ownerEpoch,
    damaged: () => damaged(metAtWork(clock.now())),
  });
  const close = async () => {
    await store.close();
    if (store.isSound) markSound(path, incident ? now : (soundAt ?? now));
  };
  return { store, incident, close };
}

function moveAside(path: string, now: number): Incident {
  const aside = asideName(path, now);
  moveDatabase(path, aside);
  const words = `The embedded relay's database was damaged, and a new one was made. Mail on its way is sent again by itself; contacts with other people's agents may have to be asked for again. The damaged file is kept as ${basename(aside)}.`;
  return { at: new Date(now).toISOString(), kind: "relay_replaced", words };
}

function metAtWork(now: number): Incident {
  const words =
    "The embedded relay's database is damaged, so mail to and from other agents waits. Quit tinyplace and start it again: a new one is made then, and what waits is sent by itself.";
  return { at: new Date(now).toISOString(), kind: "relay_damaged", words };
}

/** @param sound whether it is as it was left when it was closed in order */
function isDamaged(path: string, sound: boolean): boolean {
  if (!existsSync(path)) return false;
  const { size } = statSync(path);
  if (isCutShort(path)) return true;
  let db: Database | null = null;
  try {
    db = openSqlite(path);
    if (sound || size > LARGEST_CHECK) return false;
    const [first] = db.pragma("quick_check(1)") as { quick_check: string }[];
    return size === 0 || first?.quick_check !== "ok";
  } catch (error) {
    if (isDamageError(error)) return true;
    throw error;
  } finally {
    db?.close();
  }
}
