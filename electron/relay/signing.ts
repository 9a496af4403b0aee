import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { cryptoIdOf, messagingAddressOf } from "../../shared/model/address.ts";

/** Request signatures in raw mode (network.md part 1, section 3): the same text for both ends. */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

export interface Signer {
  /** 32 bytes */
  readonly publicKey: Uint8Array;
  /** base64 */
  readonly address: string;
  readonly cryptoId: string;
  /** base64 signature of the bytes */
  sign(bytes: Uint8Array): string;
}

/** @param seed 32 bytes */
export function createSigner(seed: Uint8Array): Signer {
  const der = Buffer.concat([PKCS8_ED25519, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const publicKey = new Uint8Array(Buffer.from(jwk.x as string, "base64url"));
  return {
    publicKey,
    address: messagingAddressOf(publicKey),
    cryptoId: cryptoIdOf(publicKey),
    sign: (bytes) => sign(null, bytes, key).toString("base64"),
  };
}

/**
 * The canonical text both ends sign and check: METHOD, path with query exactly as sent, date, nonce,
 * hex SHA-256 of the body bytes, by newlines. No body is zero bytes, and hashed as such.
 */
export function signedText(request: {
  method: string;
  uri: string;
  date: string;
  nonce: string;
  body: Uint8Array | null;
}): Buffer {
  const hash = createHash("sha256")
    .update(request.body ?? "")
    .digest("hex");
  const lines = [request.method, request.uri, request.date, request.nonce, hash];
  return Buffer.from(lines.join("\n"), "utf8");
}

/** Headers of a signed request; `actor` is the identity the call acts as, in either form. */
export function signedHeaders(
  signer: Signer,
  request: { method: string; uri: string; body: Uint8Array | null; actor: string; now: number },
): Record<string, string> {
  const date = new Date(request.now).toISOString();
  const nonce = randomBytes(16).toString("base64");
  return {
    "x-tinyplace-date": date,
    "x-tinyplace-nonce": nonce,
    "x-tinyplace-public-key": signer.address,
    "x-tinyplace-signature": signer.sign(signedText({ ...request, date, nonce })),
    "x-agent-id": request.actor,
  };
}

/** The WebSocket's credential (section 3.3): signed over the date alone. */
export function streamAuthorization(signer: Signer, now: number): string {
  const date = new Date(now).toISOString();
  return `tiny.place ${signer.cryptoId}:${signer.sign(Buffer.from(date, "utf8"))}:${date}`;
}

const MAX_KEYS = 10_000;
const keys = new Map<string, KeyObject>();

/** False for a bad signature and for a key that cannot be trusted with one; never throws. */
export function verifySignature(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: string,
): boolean {
  const raw = Buffer.from(signature, "base64");
  if (raw.length !== 64) return false;
  try {
    return verify(null, bytes, keyObject(publicKey), raw);
  } catch {
    return false;
  }
}

/** Throws for bytes that are no point of the curve, or a point of small order. */
function keyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey).toString("base64");
  let key = keys.get(name);
  if (!key) {
    // Under a key of small order anyone can make signatures that OpenSSL takes.
    if (ed25519.Point.fromBytes(publicKey).isSmallOrder()) throw new Error("unsafe public key");
    const der = Buffer.concat([SPKI_ED25519, publicKey]);
    key = createPublicKey({ key: der, format: "der", type: "spki" });
    if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value as string);
    keys.set(name, key);
  }
  return key;
}
