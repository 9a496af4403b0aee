import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made = new Set<string>();

/** A data folder of one test alone, removed with its process. Short: socket paths are bounded. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), "tp-"));
  made.add(home);
  return home;
}

// At the end of the worker, when every child of a test was ended: a running one would write again.
process.once("exit", () => {
  for (const home of made) rmSync(home, { recursive: true, force: true });
});
