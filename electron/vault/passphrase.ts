import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { z } from "zod";
import { TinyplaceError } from "../../shared/errors/errors.ts";

/**
 * A vault's key wrapped under a passphrase: scrypt makes a key of it, AES-256-GCM wraps. All bytes in
 * base64. The bounds keep a damaged file from asking for more than 1 GiB of memory.
 */
export const passphraseSlot = z.object({
  kind: z.literal("passphrase"),
  kdf: z.object({
    name: z.literal("scrypt"),
    N: z
      .number()
      .int()
      .min(2)
      .max(2 ** 20),
    r: z.number().int().min(1).max(8),
    p: z.number().int().min(1).max(4),
    salt: z.string(),
  }),
  iv: z.string(),
  /** ciphertext and tag */
  wrapped: z.string(),
});
type PassphraseSlot = z.infer<typeof passphraseSlot>;

/** 128 MiB and about a third of a second: what OWASP asks of scrypt at the least. */
const COST = { N: 2 ** 17, r: 8, p: 1 };
const SHORTEST = 8;
const LONGEST = 1024;
const TAG_BYTES = 16;

/** @param context says whose key this is: a slot moved to another vault does not open. */
export async function wrapKey(
  key: Uint8Array,
  passphrase: string,
  context: string,
): Promise<PassphraseSlot> {
  checkPassphrase(passphrase);
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await derive(passphrase, salt, COST), iv);
  cipher.setAAD(Buffer.from(context, "utf8"));
  const wrapped = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  return {
    kind: "passphrase",
    kdf: { name: "scrypt", ...COST, salt: salt.toString("base64") },
    iv: iv.toString("base64"),
    wrapped: wrapped.toString("base64"),
  };
}

/** The key, or null when the passphrase is wrong (or the slot damaged: there is no telling). */
export async function unwrapKey(
  slot: PassphraseSlot,
  passphrase: string,
  context: string,
): Promise<Uint8Array | null> {
  const secret = await derive(passphrase, Buffer.from(slot.kdf.salt, "base64"), slot.kdf);
  const wrapped = Buffer.from(slot.wrapped, "base64");
  try {
    const cipher = createDecipheriv("aes-256-gcm", secret, Buffer.from(slot.iv, "base64"), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(Buffer.from(context, "utf8"));
    cipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
    return Buffer.concat([cipher.update(wrapped.subarray(0, -TAG_BYTES)), cipher.final()]);
  } catch {
    return null;
  }
}

function checkPassphrase(passphrase: string): void {
  const length = [...passphrase].length;
  if (length >= SHORTEST && length <= LONGEST) return;
  throw new TinyplaceError(
    "bad_request",
    `A passphrase has ${SHORTEST} to ${LONGEST} characters; this one has ${length}.`,
    "Choose another. Several words in a row are long and easy to keep. Nothing was changed.",
  );
}

function derive(
  passphrase: string,
  salt: Uint8Array,
  cost: { N: number; r: number; p: number },
): Promise<Buffer> {
  const { N, r, p } = cost;
  const maxmem = 128 * N * r + 128 * r * p + 1024 * 1024;
  return new Promise((resolve, reject) => {
    // One form for what different keyboards type differently.
    scrypt(passphrase.normalize("NFKC"), salt, 32, { N, r, p, maxmem }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
