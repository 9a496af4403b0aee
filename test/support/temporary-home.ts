import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A data folder of one test alone. All of a run lie in one folder, which test/support/run-folder.ts
 * removes at its end: a worker's own end is no time to do it, since children may still write. Short:
 * socket paths are bounded.
 */
export function temporaryHome(): string {
  return mkdtempSync(join(process.env.TINYPLACE_TEST_FOLDER ?? tmpdir(), "h-"));
}
