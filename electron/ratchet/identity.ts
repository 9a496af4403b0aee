import { PrivateKey, PublicKey } from "@signalapp/libsignal-client";
import { type AddressKeys, addressKeys, identityScalar } from "./address-key.ts";

/** libsignal's form of the identity keys that seeds and addresses fix (rule E1). */
const KEY_TYPE_DJB = 5;

/** The Signal identity of an agent. `seed` has 32 bytes. */
export function identityFromSeed(seed: Uint8Array): PrivateKey {
  return PrivateKey.deserialize(identityScalar(seed));
}

const remembered = new WeakMap<AddressKeys, PublicKey>();

/** The one identity key that an address may have. Throws as `addressKeys` does. */
export function identityKeyOf(address: string): PublicKey {
  const keys = addressKeys(address);
  const known = remembered.get(keys);
  if (known) return known;
  const key = PublicKey.deserialize(Uint8Array.of(KEY_TYPE_DJB, ...keys.x25519));
  remembered.set(keys, key);
  return key;
}
