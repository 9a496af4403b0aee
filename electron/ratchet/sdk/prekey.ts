import { createPrivateKey, sign } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { fromBase64, toBase64 } from "./encoding.ts";
import { SdkCipherError } from "./error.ts";
import { drawKeyPair, type KeyPair } from "./x25519.ts";

/** A published pre-key; `publicKey` and `signature` are base64. */
export interface PublishedPrekey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly signature: string;
}

export interface Prekey {
  readonly keyId: string;
  readonly pair: KeyPair;
  readonly published: PublishedPrekey;
}

/** RFC 8410 header of a raw Ed25519 private key. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** @param seed 32 bytes of the agent that publishes it */
export function makePrekey(seed: Uint8Array, keyId: string, pair: KeyPair = drawKeyPair()): Prekey {
  const publicKey = toBase64(pair.publicKey);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const signature = toBase64(sign(null, signedBytes(publicKey), key));
  return { keyId, pair, published: { keyId, publicKey, signature } };
}

/** The key's 32 bytes. Throws `malformed`, or `bad_signature` when the agent did not sign it. */
export function verifiedKey(prekey: PublishedPrekey, ed25519Key: Uint8Array): Uint8Array {
  const key = fromBase64(prekey.publicKey, 32);
  const signature = fromBase64(prekey.signature, 64);
  // RFC 8032 to the letter: the lenient form takes signatures that other programs refuse.
  if (!ed25519.verify(signature, signedBytes(prekey.publicKey), ed25519Key, { zip215: false })) {
    throw new SdkCipherError(
      "bad_signature",
      "a pre-key is not signed by the agent it is said to be of",
    );
  }
  return key;
}

/** The text of the key is signed, not its bytes. */
function signedBytes(publicKey: string): Uint8Array {
  return Buffer.from(publicKey, "utf8");
}
