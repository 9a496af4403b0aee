import { open } from "node:fs/promises";

/** One read takes at most this much of what was appended, in bytes; the rest is for the next. */
const MAX_READ_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The lines that others append to a file, each once, as far as they are whole. */
export class AppendedLines {
  readonly path: string;
  private readonly firstBytes: number;
  private offset: number | null = null;

  /** @param firstBytes how much of what stood there before the first read is read, too. */
  constructor(path: string, firstBytes: number) {
    this.path = path;
    this.firstBytes = firstBytes;
  }

  /** Nothing is looked for: what was written so far need not be read. */
  skip(): void {
    this.offset = null;
  }

  /** Rejects where the file is not there, or not ours to read. */
  async read(): Promise<string[]> {
    const file = await open(this.path, "r");
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return [];
      // A shorter file is another one.
      if (this.offset === null || this.offset > stat.size) {
        this.offset = Math.max(0, stat.size - this.firstBytes);
      }
      const buffer = Buffer.alloc(Math.min(MAX_READ_BYTES, stat.size - this.offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.offset);
      const read = buffer.subarray(0, bytesRead);
      // A line that is still being written is read when it is whole, unless it fills the buffer.
      const end = read.lastIndexOf(NEWLINE) + 1 || (bytesRead === MAX_READ_BYTES ? bytesRead : 0);
      this.offset += end;
      return read.subarray(0, end).toString("utf8").split("\n");
    } finally {
      await file.close();
    }
  }
}
