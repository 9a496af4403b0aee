import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import { SdkCipherError } from "./error.ts";
import { messageKeys } from "./kdf.ts";

const MAC_BYTES = 8;
const BLOCK_BYTES = 16;

/** AES-256-CBC, then the first 8 bytes of HMAC-SHA256 over associated data and ciphertext. */
export function seal(messageKey: Uint8Array, associated: Uint8Array, text: Uint8Array): Uint8Array {
  const keys = messageKeys(messageKey);
  const cipher = createCipheriv("aes-256-cbc", keys.encryption, keys.iv);
  const encrypted = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([encrypted, macOf(keys.mac, associated, encrypted)]);
}

/** Nothing is decrypted before the MAC holds. Throws `malformed` and `bad_mac`. */
export function unseal(
  messageKey: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const encrypted = sealed.subarray(0, -MAC_BYTES);
  if (encrypted.length === 0 || encrypted.length % BLOCK_BYTES !== 0) {
    throw new SdkCipherError("malformed", "the ciphertext has an impossible length");
  }
  const keys = messageKeys(messageKey);
  const mac = sealed.subarray(-MAC_BYTES);
  if (!timingSafeEqual(mac, macOf(keys.mac, associated, encrypted))) {
    throw new SdkCipherError(
      "bad_mac",
      "the message does not belong to any session with its sender",
    );
  }
  try {
    const decipher = createDecipheriv("aes-256-cbc", keys.encryption, keys.iv);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch (cause) {
    throw new SdkCipherError("malformed", "the ciphertext is not padded as it has to be", {
      cause,
    });
  }
}

function macOf(key: Uint8Array, associated: Uint8Array, encrypted: Uint8Array): Uint8Array {
  const mac = createHmac("sha256", key).update(associated).update(encrypted).digest();
  return mac.subarray(0, MAC_BYTES);
}
