import { readFileSync } from "node:fs";
import { endianness } from "node:os";

/**
 * Whether commits that were on disk are gone from the write-ahead log. SQLite itself takes a log up
 * to its last whole commit and says nothing of what was cut off behind it: it cannot know. But the
 * log's index (`-shm`), where the last owner did not end in order, still says how far it went; it is
 * written after the log was forced to disk, so it is never ahead of a log that is whole.
 * Formats: https://sqlite.org/fileformat2.html#walformat, https://sqlite.org/walformat.html
 */
export function lostCommits(database: string): boolean {
  const index = readIndex(readIfThere(`${database}-shm`));
  if (!index || index.frames <= index.backfilled) return false;
  return wholeFrames(readIfThere(`${database}-wal`), index.salts) < index.frames;
}

const INDEX_VERSION = 3_007_000;
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

interface LogIndex {
  /** Frames up to the last commit. */
  readonly frames: number;
  /** Of these, how many the database file has. */
  readonly backfilled: number;
  readonly salts: Buffer;
}

function readIndex(bytes: Buffer): LogIndex | null {
  if (bytes.length < 136 || bytes[12] !== 1) return null;
  // In the byte order of the machine that wrote it.
  const number = (at: number) =>
    endianness() === "LE" ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  if (number(0) !== INDEX_VERSION || !bytes.subarray(0, 48).equals(bytes.subarray(48, 96))) {
    return null;
  }
  return { frames: number(16), backfilled: number(96), salts: bytes.subarray(32, 40) };
}

/** Frames from the beginning whose chain of checksums holds; 0 when it is another log. */
function wholeFrames(log: Buffer, salts: Buffer): number {
  if (log.length < HEADER_BYTES || !log.subarray(16, 24).equals(salts)) return 0;
  const bigEndian = (log.readUInt32BE(0) & 1) === 1;
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  let sum = checksum([0, 0], log.subarray(0, 24), bigEndian);
  if (!matches(sum, log, 24)) return 0;
  let frames = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    if (!log.subarray(at + 8, at + 16).equals(salts)) break;
    sum = checksum(sum, log.subarray(at, at + 8), bigEndian);
    sum = checksum(sum, log.subarray(at + FRAME_HEADER_BYTES, at + frameBytes), bigEndian);
    if (!matches(sum, log, at + 16)) break;
    frames++;
  }
  return frames;
}

type Sums = readonly [number, number];

function checksum([first, second]: Sums, bytes: Buffer, bigEndian: boolean): Sums {
  let a = first;
  let b = second;
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0;
    b = (b + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}

function matches([a, b]: Sums, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === a && bytes.readUInt32BE(at + 4) === b;
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
