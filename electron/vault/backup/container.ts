import { constants } from "node:buffer";
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { passphraseSlot, unwrapKey, wrapKey } from "../passphrase.ts";

/**
 * A backup's outer form: one line of JSON with the key wrapped under the passphrase, then parts, each
 * a length (uint32, big endian) and that many bytes of AES-256-GCM over deflated JSON. A part's nonce
 * is its number and whether it is the last, so none can be changed, moved, repeated or cut off; the
 * line is authenticated with every part.
 */
const FORMAT = "tinyplace-backup";
const BACKUP_VERSION = 1;
const CONTEXT = `${FORMAT} ${BACKUP_VERSION}`;
const MAX_HEADER_BYTES = 8192;
/** What readers of every version take of one part: bytes in the file, and bytes of its JSON. */
export const PART_LIMITS = { sealed: 32 * 1024 * 1024, text: 128 * 1024 * 1024 } as const;
/** Earlier versions put 500 rows of any size into one part, as far as one string went. */
const LONGEST_TEXT = constants.MAX_STRING_LENGTH;
const TAG_BYTES = 16;

const header = z.object({
  format: z.literal(FORMAT),
  version: z.literal(BACKUP_VERSION),
  slot: passphraseSlot,
});
const anyVersion = z.object({ format: z.literal(FORMAT), version: z.number().int() });

/** Seals the parts of one new backup, in order. */
export class BackupSealer {
  readonly header: Buffer;
  private readonly key: Uint8Array;
  private readonly bound: Buffer;
  private count = 0;

  private constructor(head: Buffer, key: Uint8Array) {
    this.header = head;
    this.key = key;
    this.bound = createHash("sha256").update(head).digest();
  }

  /** Throws `bad_request` for a passphrase that is too short or too long. */
  static async create(passphrase: string): Promise<BackupSealer> {
    const key = randomBytes(32);
    const slot = await wrapKey(key, passphrase, CONTEXT);
    const line = JSON.stringify({ format: FORMAT, version: BACKUP_VERSION, slot });
    return new BackupSealer(Buffer.from(`${line}\n`, "utf8"), key);
  }

  /** @param text JSON; what readers take of it is up to the caller (`PART_LIMITS`) */
  part(text: Uint8Array, last: boolean): Buffer {
    const plain = deflateRawSync(text);
    const cipher = createCipheriv("aes-256-gcm", this.key, nonceOf(this.count++, last));
    cipher.setAAD(this.bound);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(sealed.length);
    return Buffer.concat([length, sealed]);
  }
}

/** The parts of a backup, each checked before it is given. */
export class BackupReader {
  private readonly file: number;
  private readonly key: Uint8Array;
  private readonly bound: Buffer;
  private readonly size: number;
  private position: number;
  private count = 0;
  private done = false;

  private constructor(file: number, key: Uint8Array, head: Buffer) {
    this.file = file;
    this.key = key;
    this.bound = createHash("sha256").update(head).digest();
    this.size = fstatSync(file).size;
    this.position = head.length;
  }

  /** Throws `bad_request` for what is no backup, `backup_unreadable`, `passphrase_wrong`. */
  static async open(path: string, passphrase: string): Promise<BackupReader> {
    const file = openFile(path);
    try {
      const head = readHeader(file, path);
      const key = await unwrapKey(slotOf(head, path), passphrase, CONTEXT);
      if (!key) throw wrongPassphrase(path);
      return new BackupReader(file, key, head);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** The next part; null after the last. Throws `backup_unreadable` for one that is not as written. */
  next(): unknown {
    if (this.done) return null;
    const length = this.bytes(4).readUInt32BE();
    if (length < TAG_BYTES || length > LONGEST_TEXT) throw altered();
    const sealed = this.bytes(length);
    const plain = this.open(sealed, false) ?? this.open(sealed, true);
    if (!plain) throw altered();
    this.count++;
    if (this.done && readSync(this.file, Buffer.alloc(1), 0, 1, this.position) > 0) throw altered();
    try {
      const text = inflateRawSync(plain, { maxOutputLength: LONGEST_TEXT });
      return JSON.parse(text.toString("utf8")) as unknown;
    } catch {
      throw altered();
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private open(sealed: Buffer, last: boolean): Buffer | null {
    const cipher = createDecipheriv("aes-256-gcm", this.key, nonceOf(this.count, last), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(this.bound);
    cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const plain = Buffer.concat([cipher.update(sealed.subarray(0, -TAG_BYTES)), cipher.final()]);
      this.done = last;
      return plain;
    } catch {
      return null;
    }
  }

  private bytes(count: number): Buffer {
    if (count > this.size - this.position) throw cutShort();
    const bytes = Buffer.alloc(count);
    if (readSync(this.file, bytes, 0, count, this.position) < count) throw cutShort();
    this.position += count;
    return bytes;
  }
}

function nonceOf(count: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt8(last ? 1 : 0, 7);
  nonce.writeUInt32BE(count, 8);
  return nonce;
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new TinyplaceError(
      "bad_request",
      `The file ${path} cannot be read.`,
      "Name a backup that `tinyplace export` wrote. Nothing was changed.",
      { cause },
    );
  }
}

function readHeader(file: number, path: string): Buffer {
  const start = Buffer.alloc(MAX_HEADER_BYTES);
  const read = readSync(file, start, 0, MAX_HEADER_BYTES, 0);
  const end = start.subarray(0, read).indexOf("\n");
  if (end < 0) throw noBackup(path);
  return start.subarray(0, end + 1);
}

function slotOf(head: Buffer, path: string) {
  let content: unknown;
  try {
    content = JSON.parse(head.toString("utf8"));
  } catch {
    throw noBackup(path);
  }
  const parsed = header.safeParse(content);
  if (parsed.success) return parsed.data.slot;
  const other = anyVersion.safeParse(content);
  if (!other.success) throw noBackup(path);
  if (other.data.version > BACKUP_VERSION) throw newerBackup();
  throw altered();
}

function noBackup(path: string): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `The file ${path} is no backup of tinyplace.`,
    "Name a file that `tinyplace export` wrote. Nothing was changed.",
  );
}

export function newerBackup(): TinyplaceError {
  return new TinyplaceError(
    "backup_unreadable",
    "This backup was written by a newer version of tinyplace.",
    "Install that version here, then import again. Nothing was changed.",
  );
}

function wrongPassphrase(path: string): TinyplaceError {
  return new TinyplaceError(
    "passphrase_wrong",
    `This is not the passphrase of ${path}, or the file's beginning was altered.`,
    "Check it (capitals, keyboard layout) and try again. Nothing was changed.",
  );
}

function cutShort(): TinyplaceError {
  return new TinyplaceError(
    "backup_unreadable",
    "The backup is cut short: its end is missing.",
    "Copy it again from where it was written, or use another. Nothing was changed.",
  );
}

export function altered(): TinyplaceError {
  return new TinyplaceError(
    "backup_unreadable",
    "The backup was altered or damaged since it was written.",
    "Copy it again from where it was written, or use another. Nothing was changed.",
  );
}
