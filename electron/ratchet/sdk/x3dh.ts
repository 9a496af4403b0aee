import type { RatchetState } from "./double-ratchet.ts";
import { SdkCipherError } from "./error.ts";
import { handshakeSecret } from "./kdf.ts";
import { type PublishedPrekey, verifiedKey } from "./prekey.ts";
import { drawKeyPair, type KeyPair, sharedSecret } from "./x25519.ts";

/** The handshake of network.md part 2, section 3. */
export interface SdkBundle {
  readonly signedPreKey: PublishedPrekey;
  readonly oneTimePreKey: PublishedPrekey | null;
}

/** What the first message carries beside its ratchet header. */
export interface Handshake {
  /** 32 bytes */
  readonly ephemeralKey: Uint8Array;
  readonly signedPreKeyId: string;
  readonly oneTimePreKeyId: string | null;
}

/** Keys of the peer as its address fixes them, 32 bytes each. */
export interface PeerKeys {
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array;
}

/**
 * @param draw gives the ephemeral key, then the first ratchet key
 * @throws `malformed`, `bad_signature` or `unsafe_key` for a bundle that is not the peer's own
 */
export function initiate(
  ownIdentity: Uint8Array,
  peer: PeerKeys,
  bundle: SdkBundle,
  draw: () => KeyPair = drawKeyPair,
): { state: RatchetState; handshake: Handshake } {
  const signed = verifiedKey(bundle.signedPreKey, peer.ed25519);
  const oneTime = bundle.oneTimePreKey && verifiedKey(bundle.oneTimePreKey, peer.ed25519);
  const ephemeral = draw();
  const secrets = [
    sharedSecret(ownIdentity, signed),
    sharedSecret(ephemeral.privateKey, peer.x25519),
    sharedSecret(ephemeral.privateKey, signed),
  ];
  if (oneTime) secrets.push(sharedSecret(ephemeral.privateKey, oneTime));
  return {
    state: freshState(handshakeSecret(secrets), draw(), signed),
    handshake: {
      ephemeralKey: ephemeral.publicKey,
      signedPreKeyId: bundle.signedPreKey.keyId,
      oneTimePreKeyId: bundle.oneTimePreKey?.keyId ?? null,
    },
  };
}

/**
 * The other end's state. Whether the handshake is genuine shows when its first message decrypts.
 * Throws `unsafe_key`, and `no_prekey` when the named one-time key is not there: without it the
 * secret would be another.
 */
export function respond(
  ownIdentity: Uint8Array,
  peerIdentity: Uint8Array,
  handshake: Handshake,
  keys: { signed: KeyPair; oneTime: KeyPair | null },
): RatchetState {
  if (handshake.oneTimePreKeyId !== null && !keys.oneTime) {
    throw new SdkCipherError("no_prekey", "the handshake names a one-time key that is gone");
  }
  const { ephemeralKey } = handshake;
  const secrets = [
    sharedSecret(keys.signed.privateKey, peerIdentity),
    sharedSecret(ownIdentity, ephemeralKey),
    sharedSecret(keys.signed.privateKey, ephemeralKey),
  ];
  if (keys.oneTime) secrets.push(sharedSecret(keys.oneTime.privateKey, ephemeralKey));
  return freshState(handshakeSecret(secrets), keys.signed, null);
}

function freshState(
  rootKey: Uint8Array,
  ownKey: KeyPair,
  peerKey: Uint8Array | null,
): RatchetState {
  return {
    rootKey,
    ownKey,
    peerKey,
    sendChain: null,
    receiveChain: null,
    sent: 0,
    received: 0,
    previousSent: 0,
    formerPeerKeys: [],
  };
}
