import { homedir } from "node:os";
import { join } from "node:path";

/** The project's folder. */
export const ROOT = join(import.meta.dirname, "..");

/** What is fetched or prepared once for all checkouts of one user. */
export const CACHE = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "tinyplace-desktop",
);

/** Ends a build command with a sentence for a person instead of a stack. */
export function failPlainly(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
