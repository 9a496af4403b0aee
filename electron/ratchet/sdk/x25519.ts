import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { SdkCipherError } from "./error.ts";

/** 32 bytes each. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** RFC 8410 headers of raw X25519 keys. */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI = Buffer.from("302a300506032b656e032100", "hex");

export function drawKeyPair(): KeyPair {
  return keyPairOf(new Uint8Array(randomBytes(32)));
}

export function keyPairOf(privateKey: Uint8Array): KeyPair {
  const jwk = createPublicKey(privateObject(privateKey)).export({ format: "jwk" });
  return { privateKey, publicKey: new Uint8Array(Buffer.from(jwk.x as string, "base64url")) };
}

/**
 * The shared secret, 32 bytes. Throws `unsafe_key` for a public key of small order, with which the
 * secret would be zero whatever the private key is (OpenSSL refuses that result).
 */
export function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== 32) throw new SdkCipherError("unsafe_key", "a key has not 32 bytes");
  try {
    const theirs = createPublicKey({
      key: Buffer.concat([SPKI, publicKey]),
      format: "der",
      type: "spki",
    });
    return diffieHellman({ privateKey: privateObject(privateKey), publicKey: theirs });
  } catch (cause) {
    throw new SdkCipherError("unsafe_key", "a key is of small order", { cause });
  }
}

function privateObject(privateKey: Uint8Array): KeyObject {
  const key = Buffer.concat([PKCS8, privateKey]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}
