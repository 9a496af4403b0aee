import { open } from "node:fs/promises";

/** One read takes at most this much of what was appended, in bytes; the rest is for the next. */
const MAX_READ_BYTES = 4 * 1024 * 1024;
/** Where a file is read from that was not looked at before: what was written lately, in bytes. */
const FIRST_READ_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/**
 * Watches one session's transcript, a file of JSON lines, for message ids that reached the model. Only
 * what was appended is read, and each line once.
 */
export class Transcript {
  readonly path: string;
  private offset: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** Those of `ids` that stand in what was appended since the last look; never rejects. */
  async find(ids: readonly string[]): Promise<Set<string>> {
    try {
      return this.idsIn(await this.appended(), ids);
    } catch {
      // Not there yet, or not ours to read: nothing was seen.
      return new Set();
    }
  }

  /** Nothing is looked for: what was written so far need not be read. */
  skip(): void {
    this.offset = null;
  }

  private async appended(): Promise<string> {
    const file = await open(this.path, "r");
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return "";
      // A shorter file is another one.
      if (this.offset === null || this.offset > stat.size) {
        this.offset = Math.max(0, stat.size - FIRST_READ_BYTES);
      }
      const buffer = Buffer.alloc(Math.min(MAX_READ_BYTES, stat.size - this.offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.offset);
      const read = buffer.subarray(0, bytesRead);
      // A line that is still being written is read when it is whole, unless it fills the buffer.
      const end = read.lastIndexOf(NEWLINE) + 1 || (bytesRead === MAX_READ_BYTES ? bytesRead : 0);
      this.offset += end;
      return read.subarray(0, end).toString("utf8");
    } finally {
      await file.close();
    }
  }

  private idsIn(text: string, ids: readonly string[]): Set<string> {
    const found = new Set<string>();
    for (const line of text.split("\n")) {
      const named = ids.filter((id) => !found.has(id) && line.includes(id));
      if (named.length > 0 && reachedModel(line)) for (const id of named) found.add(id);
    }
    return found;
  }
}

/**
 * Whether a line is part of what the model was given: words of the user's side (tool results, prompts,
 * channel messages) and attachments, but no note about a hook's output, and nothing that still waits.
 */
function reachedModel(line: string): boolean {
  try {
    const { type, attachment } = JSON.parse(line) as {
      type?: unknown;
      attachment?: { type?: unknown };
    };
    return type === "user" || (type === "attachment" && attachment?.type !== "hook_success");
  } catch {
    return false;
  }
}
