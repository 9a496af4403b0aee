import {
  KEMKeyPair,
  KyberPreKeyRecord,
  PreKeyRecord,
  PrivateKey,
  SignedPreKeyRecord,
} from "@signalapp/libsignal-client";
import * as table from "../vault/ratchet-table.ts";
import { removeSdkPrekeysBefore } from "../vault/sdk-ratchet-table.ts";
import type { Vault } from "../vault/vault.ts";
import { identityFromSeed } from "./identity.ts";

/** One-time keys of each kind that the relay holds when full, and the count that asks for more. */
export const PREKEYS_FULL = 100;
export const PREKEYS_LOW = 20;

/** Signed and last-resort keys are replaced after this, and kept for late first messages, in ms. */
export const ROTATE_AFTER_MS = 2 * 24 * 3600 * 1000;
const KEPT_AFTER_MS = 30 * 24 * 3600 * 1000;

/** What an agent publishes; keys and signatures are base64. */
export interface PrekeyUpload {
  readonly registrationId: number;
  readonly deviceId: 1;
  readonly identityKey: string;
  readonly signedPreKey: PublishedSigned;
  readonly kyberLastResort: PublishedSigned;
  readonly preKeys: { id: number; publicKey: string }[];
  readonly kyberPreKeys: PublishedSigned[];
}

interface PublishedSigned {
  readonly id: number;
  readonly publicKey: string;
  readonly signature: string;
}

/**
 * Makes keys, commits their private halves to the vault, and returns the public halves to publish:
 * a key that the relay could serve before the vault has it would cost somebody's first message.
 */
export async function makePrekeys(
  vault: Vault,
  agent: { seed: Uint8Array; registrationId: number },
  counts: { preKeys: number; kyberPreKeys: number },
  at: number,
): Promise<PrekeyUpload> {
  const identity = identityFromSeed(agent.seed);
  const signed = makeSigned(identity, table.highestPrekeyId(vault, "signed_prekey") + 1, at);
  const firstPrekey = table.highestPrekeyId(vault, "prekey") + 1;
  const firstKyber = table.highestPrekeyId(vault, "kyber_prekey") + 1;
  const preKeys = range(firstPrekey, counts.preKeys).map(makeOneTime);
  const lastResort = makeKyber(identity, firstKyber, at);
  const kyber = range(firstKyber + 1, counts.kyberPreKeys).map((id) => makeKyber(identity, id, at));
  await vault.write(() => {
    table.writePrekey(vault, "signed_prekey", signed.id(), signed.serialize(), at);
    for (const key of preKeys) table.writePrekey(vault, "prekey", key.id(), key.serialize(), at);
    for (const key of [lastResort, ...kyber]) {
      const row = { id: key.id(), bytes: key.serialize(), lastResort: key === lastResort, at };
      table.writeKyberPrekey(vault, row);
    }
  });
  return {
    registrationId: agent.registrationId,
    deviceId: 1,
    identityKey: encode(identity.getPublicKey().serialize()),
    signedPreKey: published(signed),
    kyberLastResort: published(lastResort),
    preKeys: preKeys.map((key) => ({
      id: key.id(),
      publicKey: encode(key.publicKey().serialize()),
    })),
    kyberPreKeys: kyber.map(published),
  };
}

/** Forgets keys that were replaced long ago. Call when their successors are published. */
export function removeOldPrekeys(vault: Vault, now: number): Promise<void> {
  const before = now - ROTATE_AFTER_MS - KEPT_AFTER_MS;
  return vault.write(() => {
    table.removePrekeysBefore(vault, before);
    removeSdkPrekeysBefore(vault, before);
  });
}

function makeSigned(identity: PrivateKey, id: number, at: number): SignedPreKeyRecord {
  const secret = PrivateKey.generate();
  const signature = identity.sign(secret.getPublicKey().serialize());
  return SignedPreKeyRecord.new(id, at, secret.getPublicKey(), secret, signature);
}

function makeOneTime(id: number): PreKeyRecord {
  const secret = PrivateKey.generate();
  return PreKeyRecord.new(id, secret.getPublicKey(), secret);
}

function makeKyber(identity: PrivateKey, id: number, at: number): KyberPreKeyRecord {
  const pair = KEMKeyPair.generate();
  const signature = identity.sign(pair.getPublicKey().serialize());
  return KyberPreKeyRecord.new(id, at, pair, signature);
}

function published(key: SignedPreKeyRecord | KyberPreKeyRecord): PublishedSigned {
  return {
    id: key.id(),
    publicKey: encode(key.publicKey().serialize()),
    signature: encode(key.signature()),
  };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
