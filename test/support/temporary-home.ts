import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A data folder of this test alone, removed after it. Short: socket paths are bounded. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), "tp-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}
