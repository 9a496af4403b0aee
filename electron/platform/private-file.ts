import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file that only this user can read: whole or not at all, and on disk, with its name, when
 * it returns. Throws Node's error (ENOSPC ...).
 */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { mode: 0o600, flush: true });
    // The mode above is for a new file, and less the umask.
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Removes what writes of this file left that a crash cut off. For a file with one writer. */
export function removeUnfinished(path: string): void {
  const begin = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(begin) || !/^\d+\.tmp$/.test(name.slice(begin.length))) continue;
    rmSync(join(dirname(path), name), { force: true });
  }
}

/** Forces a folder's names to disk: a rename or a new file survives a power cut only then. */
export function syncFolder(path: string): void {
  // Windows opens no folders; its file systems journal the names themselves.
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
