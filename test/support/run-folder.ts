import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Global setup: one folder for everything a run writes, removed when all workers have ended. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "tp-"));
  process.env.TINYPLACE_TEST_FOLDER = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
