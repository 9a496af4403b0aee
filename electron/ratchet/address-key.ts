import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { publicKeyOf } from "../../shared/model/address.ts";

/**
 * X25519 keys of agents, as both ciphers use them. An address fixes its identity key (rule E1): the
 * Montgomery form of the Ed25519 key. So a relay cannot substitute another, and no key needs to be
 * trusted on first use.
 */

/** The private X25519 key of a seed: clamp(SHA-512(seed)[0..32]), 32 bytes. */
export function identityScalar(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = new Uint8Array(createHash("sha512").update(seed).digest().subarray(0, 32));
  scalar[0] = (scalar[0] as number) & 248;
  scalar[31] = ((scalar[31] as number) & 127) | 64;
  return scalar;
}

export interface AddressKeys {
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array<ArrayBuffer>;
}

/** Checking a key costs as much as many messages do. */
const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, AddressKeys>();

/**
 * The Ed25519 key of an address and its Montgomery form, 32 bytes each. Throws `peer_unknown` when
 * the text is no address, `peer_identity_mismatch` when its key is no point of the curve or of small
 * order: such a key gives a secret that anyone can compute.
 */
export function addressKeys(address: string): AddressKeys {
  const known = remembered.get(address);
  if (known) return known;
  const keys = checkedKeys(address);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(address, keys);
  return keys;
}

function checkedKeys(address: string): AddressKeys {
  const bytes = publicKeyOf(address);
  if (!bytes) throw badAddress(address, "is not an agent's address");
  try {
    const point = ed25519.Point.fromBytes(bytes);
    if (!point.isTorsionFree() || point.isSmallOrder()) throw new Error("small order");
    return { ed25519: bytes, x25519: new Uint8Array(ed25519.utils.toMontgomery(bytes)) };
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
