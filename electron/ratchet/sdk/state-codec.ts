import type { RatchetState } from "./double-ratchet.ts";
import { fromBase64, toBase64 } from "./encoding.ts";

/** A ratchet's state as JSON with base64 keys, as a vault keeps it. */
interface Stored {
  readonly ownPublic: string;
  readonly ownPrivate: string;
  readonly peerKey: string | null;
  readonly rootKey: string;
  readonly sendChain: string | null;
  readonly receiveChain: string | null;
  readonly sent: number;
  readonly received: number;
  readonly previousSent: number;
  readonly formerPeerKeys: readonly string[];
}

export function encodeState(state: RatchetState): string {
  const stored: Stored = {
    ownPublic: toBase64(state.ownKey.publicKey),
    ownPrivate: toBase64(state.ownKey.privateKey),
    peerKey: state.peerKey && toBase64(state.peerKey),
    rootKey: toBase64(state.rootKey),
    sendChain: state.sendChain && toBase64(state.sendChain),
    receiveChain: state.receiveChain && toBase64(state.receiveChain),
    sent: state.sent,
    received: state.received,
    previousSent: state.previousSent,
    formerPeerKeys: state.formerPeerKeys.map(toBase64),
  };
  return JSON.stringify(stored);
}

/** Throws `malformed` when it is not what `encodeState` wrote. */
export function decodeState(text: string): RatchetState {
  const stored = JSON.parse(text) as Stored;
  const key = (value: string) => fromBase64(value, 32);
  const optional = (value: string | null) => (value === null ? null : key(value));
  return {
    ownKey: { publicKey: key(stored.ownPublic), privateKey: key(stored.ownPrivate) },
    peerKey: optional(stored.peerKey),
    rootKey: key(stored.rootKey),
    sendChain: optional(stored.sendChain),
    receiveChain: optional(stored.receiveChain),
    sent: stored.sent,
    received: stored.received,
    previousSent: stored.previousSent,
    formerPeerKeys: stored.formerPeerKeys.map(key),
  };
}
