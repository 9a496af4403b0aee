import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";

const MAX_BYTES = 32 * 1024 * 1024;

/** Why a file was left: words that hold nothing of its content, which may be a key. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** One of the earlier plugin's JSON files, read through its schema. Throws `UnreadableFile`. */
export function readPluginFile<T extends z.ZodType>(path: string, schema: T): z.infer<T> {
  let content: unknown;
  try {
    if (statSync(path).size > MAX_BYTES) throw new UnreadableFile("it is too large");
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    // A parser's own message quotes what it read.
    throw new UnreadableFile(
      error instanceof SyntaxError ? "it is damaged" : "it could not be read",
    );
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.filter((part) => typeof part === "string")[0];
  throw new UnreadableFile(
    `it is not as the plugin writes it${where === undefined ? "" : ` (at ${String(where).slice(0, 32)})`}`,
  );
}

/** Why a file was left, of whatever was thrown while it was read. */
export function whyLeft(error: unknown): string {
  return error instanceof UnreadableFile ? error.message : "it could not be read";
}
