import { readFileSync, statSync } from "node:fs";
import { endianness } from "node:os";
import { PAGE_BYTES } from "./first-page.ts";

/**
 * The write-ahead log beside a database, read without SQLite, for what SQLite does not tell.
 * Formats: https://sqlite.org/fileformat2.html#walformat, https://sqlite.org/walformat.html
 */
const INDEX_VERSION = 3_007_000;
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * Whether commits that were on disk are gone from the log. SQLite takes a log up to its last whole
 * commit and cannot know what was cut off behind it. But the log's index (`-shm`), where the last
 * owner did not end in order, still says how far it went; it is written after the log was forced to
 * disk, so it is never ahead of a log that is whole.
 */
export function lostCommits(database: string): boolean {
  const index = readIndex(readIfThere(`${database}-shm`));
  if (!index || index.frames <= index.backfilled) return false;
  const log = readLog(database);
  return !log.salts.equals(index.salts) || log.frames < index.frames;
}

/**
 * Whether pages are missing at the end. SQLite takes a page that ends early, or is not there at all,
 * for zeros, and not every binding finds that wrong.
 */
export function isCutShort(database: string): boolean {
  const { size } = statSync(database);
  const log = readLog(database);
  if (log.pages === 0) return size % PAGE_BYTES !== 0;
  for (let page = Math.floor(size / PAGE_BYTES) + 1; page <= log.pages; page++) {
    if (!log.has.has(page)) return true;
  }
  return false;
}

/** How many pages the database has after the log's last commit; 0 when there is none. */
export function pagesByLog(database: string): number {
  return readLog(database).pages;
}

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

interface Log {
  /** Frames from the beginning whose chain of checksums holds. */
  readonly frames: number;
  /** The database's pages after the last commit; 0 when there is none. */
  readonly pages: number;
  /** Which pages the commits hold. */
  readonly has: ReadonlySet<number>;
  readonly salts: Buffer;
}

function readLog(database: string): Log {
  const log = readIfThere(`${database}-wal`);
  const salts = log.subarray(16, 24);
  const has = new Set<number>();
  let [frames, pages] = [0, 0];
  if (log.length < HEADER_BYTES) return { frames, pages, has, salts };
  const bigEndian = (log.readUInt32BE(0) & 1) === 1;
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  let sum = checksum([0, 0], log.subarray(0, 24), bigEndian);
  let open: number[] = [];
  if (!matches(sum, log, 24)) return { frames, pages, has, salts };
  for (let at = HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    if (!log.subarray(at + 8, at + 16).equals(salts)) break;
    sum = checksum(sum, log.subarray(at, at + 8), bigEndian);
    sum = checksum(sum, log.subarray(at + FRAME_HEADER_BYTES, at + frameBytes), bigEndian);
    if (!matches(sum, log, at + 16)) break;
    frames++;
    open.push(log.readUInt32BE(at));
    const after = log.readUInt32BE(at + 4);
    if (after === 0) continue;
    pages = after;
    for (const page of open) has.add(page);
    open = [];
  }
  return { frames, pages, has, salts };
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
