import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { z } from "zod";
import { writePrivateFile } from "../platform/private-file.ts";

/**
 * `vault.sound`, beside a `vault.db` that was closed in order (`relay.sound` beside the relay's): how its
 * file was left, and when all of it was last read. A file that is still so was written by SQLite to its end and by nobody since; reading
 * every page of it again finds only what the disk itself lost.
 */
const mark = z.object({ file: z.string(), checkedAt: z.number().int() });

/** A disk is given no longer than this to lose something unnoticed, in ms. */
const TRUSTED_MS = 7 * 24 * 3600 * 1000;

const markPath = (database: string) => database.replace(/\.db$/, ".sound");

/** When all of the file was last read, in ms; null when it must be read now. */
export function soundSince(database: string, now: number): number | null {
  try {
    const { file, checkedAt } = mark.parse(JSON.parse(readFileSync(markPath(database), "utf8")));
    // A clock that was set back says nothing about how long ago it was.
    const isRecent = checkedAt <= now && now - checkedAt < TRUSTED_MS;
    return isRecent && file === stateOf(database) ? checkedAt : null;
  } catch {
    return null;
  }
}

/** Call once it is closed. Without the mark the next open reads everything, which is always right. */
export function markSound(database: string, checkedAt: number): void {
  try {
    const file = stateOf(database);
    if (file !== null) writePrivateFile(markPath(database), JSON.stringify({ file, checkedAt }));
  } catch {
    // A disk that takes nothing.
  }
}

export function removeSoundMark(database: string): void {
  rmSync(markPath(database), { force: true });
}

/** Differs after every write, copy or replacement of the file; null while a log lies beside it. */
function stateOf(database: string): string | null {
  if (existsSync(`${database}-wal`)) return null;
  const { ino, size, mtimeNs, ctimeNs } = statSync(database, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(" ");
}
