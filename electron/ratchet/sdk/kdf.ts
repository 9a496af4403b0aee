import { createHmac, hkdfSync } from "node:crypto";

/** The key derivations of network.md part 2; keys are 32 bytes. */
const NO_SALT = new Uint8Array(32);

/** The secret of a handshake from its Diffie-Hellman results in their order. */
export function handshakeSecret(results: readonly Uint8Array[]): Uint8Array {
  const prefix = new Uint8Array(32).fill(0xff);
  return hkdf(Buffer.concat([prefix, ...results]), NO_SALT, "WhisperText", 32);
}

export function rootStep(
  rootKey: Uint8Array,
  secret: Uint8Array,
): { rootKey: Uint8Array; chainKey: Uint8Array } {
  const bytes = hkdf(secret, rootKey, "WhisperRatchet", 64);
  return { rootKey: bytes.slice(0, 32), chainKey: bytes.slice(32) };
}

export function chainStep(chainKey: Uint8Array): { chainKey: Uint8Array; messageKey: Uint8Array } {
  const step = (byte: number) =>
    new Uint8Array(createHmac("sha256", chainKey).update(Uint8Array.of(byte)).digest());
  return { messageKey: step(1), chainKey: step(2) };
}

/** `iv` has 16 bytes. */
export function messageKeys(messageKey: Uint8Array): {
  encryption: Uint8Array;
  mac: Uint8Array;
  iv: Uint8Array;
} {
  const bytes = hkdf(messageKey, NO_SALT, "WhisperMessageKeys", 80);
  return { encryption: bytes.slice(0, 32), mac: bytes.slice(32, 64), iv: bytes.slice(64) };
}

function hkdf(input: Uint8Array, salt: Uint8Array, info: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", input, salt, info, length));
}
