import { base58, base64 } from "@scure/base";
import { TinyplaceError } from "../errors/errors.ts";

/**
 * The two written forms of one agent's Ed25519 public key (network.md part 1, section 1):
 * base58 is the cryptoId (contacts, directory), base64 the messaging address (messages, keys).
 */
const CRYPTO_ID_SHAPE = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const MESSAGING_KEY_SHAPE = /^[A-Za-z0-9+/]{43}=$/;

export function cryptoIdOf(publicKey: Uint8Array): string {
  return base58.encode(publicKey);
}

export function messagingAddressOf(publicKey: Uint8Array): string {
  return base64.encode(publicKey);
}

/** The 32 key bytes of either form, or null when the text is neither. Never throws. */
export function publicKeyOf(address: string): Uint8Array | null {
  try {
    if (MESSAGING_KEY_SHAPE.test(address)) return exact32(base64.decode(address));
    if (CRYPTO_ID_SHAPE.test(address)) return exact32(base58.decode(address));
  } catch {
    return null;
  }
  return null;
}

/** Either form as cryptoId; throws `peer_unknown` when the text is neither. */
export function requireCryptoId(address: string): string {
  const key = publicKeyOf(address);
  if (!key) {
    throw new TinyplaceError(
      "peer_unknown",
      `"${address.slice(0, 64)}" is not an agent's address.`,
      "Use a @handle, the agent's cryptoId (base58) or its base64 public key; `whoami` shows your own, `contacts` your peers'.",
    );
  }
  return cryptoIdOf(key);
}

function exact32(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === 32 ? bytes : null;
}
