import { randomBytes } from "node:crypto";
import { z } from "zod";
import { cryptoIdOf, publicKeyOf } from "../../shared/model/address.ts";
import { writeSuite } from "../vault/peer-table.ts";
import * as table from "../vault/sdk-ratchet-table.ts";
import type { VaultReader } from "../vault/vault.ts";
import { ROTATE_AFTER_MS } from "./prekeys.ts";
import type { RatchetState, SkippedKey } from "./sdk/double-ratchet.ts";
import { fromBase64, sameBytes } from "./sdk/encoding.ts";
import { encodeState } from "./sdk/state-codec.ts";
import { keyPairOf } from "./sdk/x25519.ts";
import { MAX_SKIPPED_KEYS } from "./skipped-keys.ts";

const key = z.string().transform((text, context) => {
  try {
    return fromBase64(text, 32);
  } catch {
    context.addIssue({ code: "custom", message: "no key" });
    return z.NEVER;
  }
});
const counter = z.number().int().min(0).max(0xffff_ffff);
const pair = z
  .object({ publicKey: key, privateKey: key })
  .refine((one) => sameBytes(keyPairOf(one.privateKey).publicKey, one.publicKey));
const prekey = z.object({ keyId: z.string().min(1).max(128), keyPair: pair });
const skipped = z.tuple([z.string().regex(/^[0-9a-f]{64}:\d{1,10}$/), key]);
const session = z.object({
  dhSendKeyPair: pair,
  dhRecvPublicKey: key.nullish(),
  rootKey: key,
  sendChainKey: key.nullish(),
  recvChainKey: key.nullish(),
  sendMessageNumber: counter,
  recvMessageNumber: counter,
  previousChainLength: counter,
  skippedKeys: z.array(skipped).max(100_000).default([]),
});

/** The state file of the network's SDK (network.md part 2, section 7), bytes in base64. */
export const pluginState = z.object({
  version: z.literal(1),
  signedPreKeys: z.record(z.string(), prekey).default({}),
  preKeys: z.record(z.string(), prekey).default({}),
  /** By the peer's base64 address; each is looked at by itself. */
  sessions: z.record(z.string(), z.unknown()).default({}),
});

/** A conversation of the SDK's that can go on here. */
interface PluginSession {
  /** cryptoId */
  readonly peer: string;
  readonly state: RatchetState;
  readonly skipped: readonly SkippedKey[];
}

/** The sessions of a state file, and the peers whose session is damaged or of no use. */
export function pluginSessions(file: z.infer<typeof pluginState>): {
  sessions: PluginSession[];
  unusable: { peer: string; why: string }[];
} {
  const sessions: PluginSession[] = [];
  const unusable: { peer: string; why: string }[] = [];
  for (const [address, entry] of Object.entries(file.sessions)) {
    const publicKey = publicKeyOf(address);
    const parsed = session.safeParse(entry);
    if (!publicKey) unusable.push({ peer: address.slice(0, 64), why: "it is no agent's address" });
    else if (!parsed.success) unusable.push({ peer: cryptoIdOf(publicKey), why: "it is damaged" });
    // Begun, and nothing sent in it: the peer has no part of it, and its handshake was not kept.
    else if (parsed.data.sendChainKey || parsed.data.recvChainKey) {
      sessions.push(sessionOf(cryptoIdOf(publicKey), parsed.data));
    }
  }
  return { sessions, unusable };
}

function sessionOf(peer: string, from: z.infer<typeof session>): PluginSession {
  const peerKey = from.dhRecvPublicKey ?? null;
  const keys = from.skippedKeys.slice(-MAX_SKIPPED_KEYS).map(([name, messageKey]) => {
    const [ratchetKey, number] = name.split(":") as [string, string];
    return {
      ratchetKey: new Uint8Array(Buffer.from(ratchetKey, "hex")),
      messageNumber: Number(number),
      messageKey,
    };
  });
  const former = new Map<string, Uint8Array>();
  for (const { ratchetKey } of keys) {
    if (peerKey && sameBytes(peerKey, ratchetKey)) continue;
    former.set(Buffer.from(ratchetKey).toString("hex"), ratchetKey);
  }
  return {
    peer,
    skipped: keys,
    state: {
      ownKey: from.dhSendKeyPair,
      peerKey,
      rootKey: from.rootKey,
      sendChain: from.sendChainKey ?? null,
      receiveChain: from.recvChainKey ?? null,
      sent: from.sendMessageNumber,
      received: from.recvMessageNumber,
      previousSent: from.previousChainLength,
      formerPeerKeys: [...former.values()].slice(-16),
    },
  };
}

/**
 * Puts conversations and pre-keys of the SDK's into a new agent's vault, inside a write. The signed
 * keys count as due for rotation, so that this installation publishes its own, and stay for those who
 * have an older one at hand. @param at ms; @param changedAt when the file was last changed, ms
 */
export function writePluginState(
  vault: VaultReader,
  file: z.infer<typeof pluginState>,
  { at, changedAt }: { at: number; changedAt: number },
): void {
  for (const [keys, kind] of [
    [file.signedPreKeys, "signed"],
    [file.preKeys, "one-time"],
  ] as const) {
    for (const { keyId, keyPair } of Object.values(keys)) {
      const { privateKey } = keyPair;
      table.writeSdkPrekey(vault, { keyId, kind, privateKey, at: at - ROTATE_AFTER_MS });
    }
  }
  for (const { peer, state, skipped: keys } of pluginSessions(file).sessions) {
    const id = randomBytes(12).toString("hex");
    // Who was never answered began it; the other side has a receiving chain from the first message on.
    const heard = state.receiveChain !== null;
    table.writeSdkSessions(vault, peer, [
      {
        id,
        state: encodeState(state),
        handshake: null,
        own: heard ? 0 : 1,
        started_at: changedAt,
        heard_at: heard ? changedAt : null,
      },
    ]);
    for (const one of keys) table.writeSkippedKey(vault, { session: id, ...one, at });
    writeSuite(vault, peer, "sdk");
  }
}
