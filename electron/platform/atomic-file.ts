import { renameSync, writeFileSync } from "node:fs";

/** Replaces a private file whole: whoever reads it, also after a crash, finds the old or the new text. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600, flush: true });
  renameSync(temporary, path);
}
