import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../platform/private-file.ts";

/** A database's file, its write-ahead log, and the log's index. */
export const DATABASE_FILES = ["", "-wal", "-shm"] as const;

/** A free name for what is kept of a damaged database, with the time in it. @param now ms */
export function asideName(path: string, now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  let aside = `${path}.damaged-${time}`;
  for (let number = 2; existsSync(aside); number++) aside = `${path}.damaged-${time}-${number}`;
  return aside;
}

/** Takes the place of whatever is at `to`. */
export function moveDatabase(from: string, to: string): void {
  for (const suffix of DATABASE_FILES) {
    if (existsSync(`${from}${suffix}`)) renameSync(`${from}${suffix}`, `${to}${suffix}`);
    else rmSync(`${to}${suffix}`, { force: true });
  }
  syncFolder(dirname(to));
}

export function removeDatabase(path: string): void {
  for (const suffix of [...DATABASE_FILES, "-journal"]) rmSync(`${path}${suffix}`, { force: true });
}
