import { sameBytes } from "./encoding.ts";
import { SdkCipherError } from "./error.ts";
import { chainStep, rootStep } from "./kdf.ts";
import { seal, unseal } from "./sealing.ts";
import { drawKeyPair, type KeyPair, sharedSecret } from "./x25519.ts";

/**
 * The Double Ratchet of network.md part 2, section 4, as pure functions: a step returns the next
 * state, and one that fails has changed nothing.
 */
export interface RatchetState {
  readonly ownKey: KeyPair;
  readonly peerKey: Uint8Array | null;
  readonly rootKey: Uint8Array;
  readonly sendChain: Uint8Array | null;
  readonly receiveChain: Uint8Array | null;
  readonly sent: number;
  readonly received: number;
  readonly previousSent: number;
  /** The peer's former ratchet keys, newest last: by them a repeated message is recognised. */
  readonly formerPeerKeys: readonly Uint8Array[];
}

export interface Header {
  /** 32 bytes */
  readonly ratchetKey: Uint8Array;
  /** uint32, as `previousChainLength` is */
  readonly messageNumber: number;
  readonly previousChainLength: number;
}

/** The X25519 identity keys of both ends, for the associated data. */
export interface Ends {
  readonly sender: Uint8Array;
  readonly recipient: Uint8Array;
}

/** A message that may still come: the key that will open it. */
export interface SkippedKey {
  readonly ratchetKey: Uint8Array;
  readonly messageNumber: number;
  readonly messageKey: Uint8Array;
}

export interface Decrypted {
  readonly state: RatchetState;
  readonly plaintext: Uint8Array;
  /** The message was opened with a kept key, which is used up now. */
  readonly usedSkipped: boolean;
  readonly skipped: readonly SkippedKey[];
}

/** Keys skipped in one chain by one message; the SDK has the same bound. */
const MAX_SKIP = 1000;
const MAX_COUNTER = 0xffff_ffff;
const MAX_FORMER_KEYS = 16;

export function encrypt(
  state: RatchetState,
  ends: Ends,
  plaintext: Uint8Array,
): { state: RatchetState; header: Header; body: Uint8Array } {
  const ready = state.sendChain ? state : withFirstChain(state);
  if (ready.sent >= MAX_COUNTER) throw new SdkCipherError("exhausted", "the chain is used up");
  const { chainKey, messageKey } = chainStep(ready.sendChain as Uint8Array);
  const header = {
    ratchetKey: ready.ownKey.publicKey,
    messageNumber: ready.sent,
    previousChainLength: ready.previousSent,
  };
  const body = seal(messageKey, associatedData(ends, header), plaintext);
  return { state: { ...ready, sendChain: chainKey, sent: ready.sent + 1 }, header, body };
}

/**
 * @param keptKey the key kept for exactly this ratchet key and number, else null
 * @param draw the next own ratchet key
 */
export function decrypt(
  state: RatchetState,
  message: { header: Header; body: Uint8Array; ends: Ends },
  keptKey: Uint8Array | null,
  draw: () => KeyPair = drawKeyPair,
): Decrypted {
  const { header, body, ends } = message;
  const associated = associatedData(ends, header);
  if (keptKey) {
    const plaintext = unseal(keptKey, associated, body);
    return { state, plaintext, usedSkipped: true, skipped: [] };
  }
  const isCurrent = state.peerKey !== null && sameBytes(state.peerKey, header.ratchetKey);
  const isFormer = state.formerPeerKeys.some((key) => sameBytes(key, header.ratchetKey));
  if (isFormer || (isCurrent && header.messageNumber < state.received)) {
    throw new SdkCipherError("stale", "the message was read before, or its key has expired");
  }
  const before = isCurrent ? { state, skipped: [] } : turned(state, header, draw);
  const ahead = skip(before.state, header.messageNumber);
  const { chainKey, messageKey } = chainStep(ahead.state.receiveChain as Uint8Array);
  return {
    plaintext: unseal(messageKey, associated, body),
    state: { ...ahead.state, receiveChain: chainKey, received: header.messageNumber + 1 },
    usedSkipped: false,
    skipped: [...before.skipped, ...ahead.skipped],
  };
}

/** The initiator's first message, and nothing else, makes a chain from the key it has. */
function withFirstChain(state: RatchetState): RatchetState {
  if (!state.peerKey) throw new SdkCipherError("no_session", "the peer has not written yet");
  const secret = sharedSecret(state.ownKey.privateKey, state.peerKey);
  const { rootKey, chainKey } = rootStep(state.rootKey, secret);
  return { ...state, rootKey, sendChain: chainKey };
}

/** The peer's ratchet turned: both chains begin anew. */
function turned(state: RatchetState, header: Header, draw: () => KeyPair) {
  const ended = state.receiveChain
    ? skip(state, header.previousChainLength)
    : { state, skipped: [] };
  const receiving = rootStep(
    state.rootKey,
    sharedSecret(state.ownKey.privateKey, header.ratchetKey),
  );
  const ownKey = draw();
  const sending = rootStep(receiving.rootKey, sharedSecret(ownKey.privateKey, header.ratchetKey));
  const former = state.peerKey ? [...state.formerPeerKeys, state.peerKey] : [];
  const next: RatchetState = {
    ownKey,
    peerKey: header.ratchetKey,
    rootKey: sending.rootKey,
    sendChain: sending.chainKey,
    receiveChain: receiving.chainKey,
    sent: 0,
    received: 0,
    previousSent: state.sent,
    formerPeerKeys: former.slice(-MAX_FORMER_KEYS),
  };
  return { state: next, skipped: ended.skipped };
}

/** Keeps the keys of what has not come yet, up to message `until` of the receiving chain. */
function skip(state: RatchetState, until: number) {
  if (until - state.received > MAX_SKIP) {
    throw new SdkCipherError("too_many_skipped", `more than ${MAX_SKIP} messages are missing`);
  }
  const skipped: SkippedKey[] = [];
  let chain = state.receiveChain as Uint8Array;
  for (let number = state.received; number < until; number++) {
    const { chainKey, messageKey } = chainStep(chain);
    const ratchetKey = state.peerKey as Uint8Array;
    skipped.push({ ratchetKey, messageNumber: number, messageKey });
    chain = chainKey;
  }
  const received = Math.max(state.received, until);
  return { state: { ...state, receiveChain: chain, received }, skipped };
}

function associatedData(ends: Ends, header: Header): Uint8Array {
  const counters = Buffer.alloc(8);
  counters.writeUInt32BE(header.previousChainLength, 0);
  counters.writeUInt32BE(header.messageNumber, 4);
  return Buffer.concat([ends.sender, ends.recipient, header.ratchetKey, counters]);
}
