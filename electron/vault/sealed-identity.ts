import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { writePrivateFile } from "../platform/private-file.ts";
import { FirstPage } from "./first-page.ts";

/**
 * `identity.sealed`: who the agent is, and the first page of its vault, encrypted under the vault's
 * key beside it. The identity survives the loss of the whole database; the page makes the rest of
 * the database readable when its beginning is lost.
 */
export interface VaultIdentity {
  readonly name: string;
  /** 32 bytes */
  readonly seed: Uint8Array;
  readonly registrationId: number;
  /** ms since the epoch */
  readonly createdAt: number;
}

export interface Sealed {
  readonly identity: VaultIdentity;
  readonly firstPage: FirstPage;
}

const base64 = z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64")));
const sealedFile = z.object({ version: z.literal(1), iv: base64, sealed: base64 });
const content = z.object({
  name: z.string(),
  seed: base64.refine((seed) => seed.length === 32),
  registrationId: z.number().int(),
  createdAt: z.number().int(),
  salt: base64,
  page: base64,
});

const FILE_NAME = "identity.sealed";
const TAG_BYTES = 16;

/** Throws Node's error when it cannot be written. */
export function seal(folder: string, key: Uint8Array, { identity, firstPage }: Sealed): void {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const plain: z.input<typeof content> = {
    ...identity,
    seed: text(identity.seed),
    salt: text(firstPage.salt),
    page: text(firstPage.text),
  };
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", sealingKey(key), iv);
  cipher.setAAD(Buffer.from(basename(folder), "utf8"));
  const parts = [cipher.update(JSON.stringify(plain), "utf8"), cipher.final()];
  const sealed = Buffer.concat([...parts, cipher.getAuthTag()]);
  const file = { version: 1, iv: text(iv), sealed: text(sealed) };
  writePrivateFile(join(folder, FILE_NAME), `${JSON.stringify(file)}\n`);
}

/** Null when there is none, or none that this key opens. */
export function unseal(folder: string, key: Uint8Array): Sealed | null {
  try {
    const file = sealedFile.parse(JSON.parse(readFileSync(join(folder, FILE_NAME), "utf8")));
    const cipher = createDecipheriv("aes-256-gcm", sealingKey(key), file.iv, {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(Buffer.from(basename(folder), "utf8"));
    cipher.setAuthTag(file.sealed.subarray(-TAG_BYTES));
    const plain = cipher.update(file.sealed.subarray(0, -TAG_BYTES));
    const text = Buffer.concat([plain, cipher.final()]).toString("utf8");
    const { salt, page, ...identity } = content.parse(JSON.parse(text));
    return { identity, firstPage: new FirstPage(salt, page) };
  } catch {
    return null;
  }
}

function sealingKey(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, "", "tinyplace identity.sealed", 32));
}
