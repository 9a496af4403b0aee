import { chmodSync, renameSync, writeFileSync } from "node:fs";

/** Writes a file that only this user can read: whole or not at all, and on disk when it returns. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600, flush: true });
  // The mode above is for a new file, and less the umask.
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
