import { PrivateKey, PublicKey } from "@signalapp/libsignal-client";
import { addressKeys, identityScalar } from "./address-key.ts";

/** libsignal's form of the identity keys that seeds and addresses fix (rule E1). */
const KEY_TYPE_DJB = 5;
const MAX_REMEMBERED = 10_000;

/** The Signal identity of an agent. `seed` has 32 bytes. */
export function identityFromSeed(seed: Uint8Array): PrivateKey {
  return PrivateKey.deserialize(identityScalar(seed));
}

const remembered = new Map<string, PublicKey>();

/** The one identity key that an address may have. Throws as `addressKeys` does. */
export function identityKeyOf(address: string): PublicKey {
  const known = remembered.get(address);
  if (known) return known;
  const key = PublicKey.deserialize(Uint8Array.of(KEY_TYPE_DJB, ...addressKeys(address).x25519));
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(address, key);
  return key;
}
