import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Global setup: one folder for everything a run writes, removed when all workers have ended. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "tp-"));
  process.env.TINYPLACE_TEST_FOLDER = folder;
  // The programs that tests start are hundreds, of the same sources: read and compiled once.
  process.env.NODE_COMPILE_CACHE = join(folder, "compiled");
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
