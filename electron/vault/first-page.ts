import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  pbkdf2Sync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

/**
 * The first page of a database file in SQLCipher 4's format under a raw key: 16 bytes of salt, the
 * rest encrypted with AES-256-CBC, then its IV and an HMAC-SHA512 over all that and the page number.
 * It says where every table begins: without it none of the other pages can be read.
 * Source: SQLCipher's documentation of its design; test/integration/damage.test.ts checks against files.
 */
export const PAGE_BYTES = 4096;
const SALT_BYTES = 16;
const IV_BYTES = 16;
const MAC_BYTES = 64;
const TEXT_END = PAGE_BYTES - IV_BYTES - MAC_BYTES;
/** Offsets in SQLite's header, from the start of the page. */
const PAGE_COUNT = 28;
const SCHEMA_COOKIE = 40;
const USER_VERSION = 60;

export class FirstPage {
  /** 16 bytes: the other pages' HMACs depend on it. */
  readonly salt: Uint8Array;
  /** What follows the salt, in clear: the schema, no secrets. */
  readonly text: Uint8Array;

  constructor(salt: Uint8Array, text: Uint8Array) {
    this.salt = salt;
    this.text = text;
  }

  /** Null when these bytes are not a first page written under this key. */
  static read(page: Uint8Array, key: Uint8Array): FirstPage | null {
    if (page.length < PAGE_BYTES) return null;
    const salt = page.slice(0, SALT_BYTES);
    const mac = page.subarray(TEXT_END + IV_BYTES, PAGE_BYTES);
    if (!timingSafeEqual(macOf(page, salt, key), mac)) return null;
    const cipher = createDecipheriv("aes-256-cbc", key, page.subarray(TEXT_END, TEXT_END + 16));
    cipher.setAutoPadding(false);
    return new FirstPage(salt, cipher.update(page.subarray(SALT_BYTES, TEXT_END)));
  }

  /** Changes with every change of the schema. */
  get schemaCookie(): number {
    return this.number(SCHEMA_COOKIE);
  }

  get userVersion(): number {
    return this.number(USER_VERSION);
  }

  /** SQLite then takes the length of the file (and its log) as it finds it, instead of refusing. */
  withoutLength(): FirstPage {
    const text = Buffer.from(this.text);
    text.writeUInt32BE(0, PAGE_COUNT - SALT_BYTES);
    return new FirstPage(this.salt, text);
  }

  encrypt(key: Uint8Array): Uint8Array {
    const page = Buffer.alloc(PAGE_BYTES);
    page.set(this.salt);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-cbc", key, iv);
    cipher.setAutoPadding(false);
    page.set(cipher.update(this.text), SALT_BYTES);
    page.set(iv, TEXT_END);
    page.set(macOf(page, this.salt, key), TEXT_END + IV_BYTES);
    return page;
  }

  private number(offset: number): number {
    return Buffer.from(this.text).readUInt32BE(offset - SALT_BYTES);
  }
}

function macOf(page: Uint8Array, salt: Uint8Array, key: Uint8Array): Buffer {
  const macSalt = salt.map((byte) => byte ^ 0x3a);
  const macKey = pbkdf2Sync(key, macSalt, 2, 32, "sha512");
  const number = Buffer.alloc(4);
  number.writeUInt32LE(1);
  return createHmac("sha512", macKey)
    .update(page.subarray(SALT_BYTES, TEXT_END + IV_BYTES))
    .update(number)
    .digest();
}
