import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { cryptoIdOf, messagingAddressOf } from "../../shared/model/address.ts";

/** One agent's names and secret. `seed` never leaves the daemon. */
export interface Identity {
  readonly name: string;
  readonly cryptoId: string;
  /** base64 */
  readonly address: string;
  /** 32 bytes */
  readonly seed: Uint8Array;
  readonly registrationId: number;
}

/** RFC 8410 header of an Ed25519 private key in PKCS #8; the seed follows it. */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

export function identityOf(agent: {
  name: string;
  seed: Uint8Array;
  registrationId: number;
}): Identity {
  const publicKey = publicKeyFromSeed(agent.seed);
  return { ...agent, cryptoId: cryptoIdOf(publicKey), address: messagingAddressOf(publicKey) };
}

/**
 * A new identity. Its base64 address has no `/`: the live network's front end answers 404 for an
 * encoded slash in a path (network.md part 1, section 1).
 */
export function drawIdentity(name: string): Identity {
  for (;;) {
    const registrationId = newRegistrationId();
    const identity = identityOf({ name, seed: randomBytes(32), registrationId });
    if (!identity.address.includes("/")) return identity;
  }
}

/** By it a relay knows libsignal keys of one life of an agent from those of another. */
export function newRegistrationId(): number {
  return 1 + (randomBytes(2).readUInt16BE() & 0x3ffe);
}

function publicKeyFromSeed(seed: Uint8Array): Uint8Array {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, seed]),
    format: "der",
    type: "pkcs8",
  });
  const jwk = createPublicKey(key).export({ format: "jwk" });
  return new Uint8Array(Buffer.from(jwk.x as string, "base64url"));
}
