import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { PrivateKey, PublicKey } from "@signalapp/libsignal-client";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { publicKeyOf } from "../../shared/model/address.ts";

/**
 * An address fixes its Signal identity key (rule E1): the Montgomery form of the Ed25519 key. So a
 * relay cannot substitute another, and no key needs to be trusted on first use.
 */
const KEY_TYPE_DJB = 5;
const MAX_REMEMBERED = 10_000;

/** The Signal identity of an agent: clamp(SHA-512(seed)[0..32]). `seed` has 32 bytes. */
export function identityFromSeed(seed: Uint8Array): PrivateKey {
  const scalar = new Uint8Array(createHash("sha512").update(seed).digest().subarray(0, 32));
  scalar[0] = (scalar[0] as number) & 248;
  scalar[31] = ((scalar[31] as number) & 127) | 64;
  return PrivateKey.deserialize(scalar);
}

const remembered = new Map<string, PublicKey>();

/**
 * The one identity key that an address may have. Throws `peer_unknown` when the text is no address,
 * `peer_identity_mismatch` when its key is no point of the curve or of small order: such a key gives
 * a secret that anyone can compute.
 */
export function identityKeyOf(address: string): PublicKey {
  const known = remembered.get(address);
  if (known) return known;
  const key = montgomeryKey(address);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(address, key);
  return key;
}

function montgomeryKey(address: string): PublicKey {
  const bytes = publicKeyOf(address);
  if (!bytes) throw badAddress(address, "is not an agent's address");
  try {
    const point = ed25519.Point.fromBytes(bytes);
    if (!point.isTorsionFree() || point.isSmallOrder()) throw new Error("small order");
    const key = new Uint8Array(33);
    key[0] = KEY_TYPE_DJB;
    key.set(ed25519.utils.toMontgomery(bytes), 1);
    return PublicKey.deserialize(key);
  } catch (cause) {
    throw badAddress(address, "has an unsafe key, so nobody may write to it", cause);
  }
}

function badAddress(address: string, what: string, cause?: unknown): TinyplaceError {
  return new TinyplaceError(
    cause ? "peer_identity_mismatch" : "peer_unknown",
    `"${address.slice(0, 64)}" ${what}.`,
    "Ask the other agent for its address again: it is what its `whoami` shows.",
    { cause },
  );
}
