import { AppendedLines } from "./appended-lines.ts";

/** Where a file is read from that was not looked at before: what was written lately, in bytes. */
const FIRST_READ_BYTES = 256 * 1024;

/**
 * Watches one session's transcript, a file of JSON lines, for words that reached the model. Only what was
 * appended is read, and each line once.
 */
export class Transcript {
  private readonly lines: AppendedLines;

  constructor(path: string) {
    this.lines = new AppendedLines(path, FIRST_READ_BYTES);
  }

  get path(): string {
    return this.lines.path;
  }

  /**
   * Those of `words` that stand in what was appended since the last look; never rejects.
   * @param words that JSON writes as they are
   */
  async find(words: readonly string[]): Promise<Set<string>> {
    try {
      return this.wordsIn(await this.lines.read(), words);
    } catch {
      // Not there yet, or not ours to read: nothing was seen.
      return new Set();
    }
  }

  /** Nothing is looked for: what was written so far need not be read. */
  skip(): void {
    this.lines.skip();
  }

  private wordsIn(lines: readonly string[], words: readonly string[]): Set<string> {
    const found = new Set<string>();
    for (const line of lines) {
      const named = words.filter((one) => !found.has(one) && line.includes(one));
      if (named.length > 0 && reachedModel(line)) for (const one of named) found.add(one);
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
