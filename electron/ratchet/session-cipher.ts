import {
  CiphertextMessageType,
  ProtocolAddress,
  type SessionStore,
  SignalMessage,
  signalDecrypt,
  signalEncrypt,
} from "@signalapp/libsignal-client";
import type { Ciphertext } from "./cipher.ts";
import { identityFromSeed } from "./identity.ts";
import { AddressIdentityStore } from "./stores.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const DEVICE_ID = 1;

/** Whose ends of sessions they are. `seed` has 32 bytes. */
export interface RatchetAgent {
  readonly cryptoId: string;
  readonly seed: Uint8Array;
  readonly registrationId: number;
}

/**
 * libsignal's encrypting and decrypting in sessions that exist, for one agent. It keeps nothing: the
 * sessions are read from and saved to the store that is handed in, and only after a step that worked.
 */
export class SessionCipher {
  readonly self: ProtocolAddress;
  readonly identities: AddressIdentityStore;

  constructor(agent: RatchetAgent) {
    this.self = ProtocolAddress.new(agent.cryptoId, DEVICE_ID);
    this.identities = new AddressIdentityStore(identityFromSeed(agent.seed), agent.registrationId);
  }

  async encrypt(sessions: SessionStore, peer: string, plaintext: Uint8Array): Promise<Ciphertext> {
    const to = addressOfPeer(peer);
    const parts = [to, this.self, sessions, this.identities] as const;
    const message = await signalEncrypt(plaintext as Bytes, ...parts);
    return {
      type: message.type() === CiphertextMessageType.PreKey ? "PREKEY_BUNDLE" : "CIPHERTEXT",
      body: Buffer.from(message.serialize()).toString("base64"),
    };
  }

  /** @param body of a `CIPHERTEXT`. Throws libsignal's errors. */
  async decrypt(sessions: SessionStore, peer: string, body: string): Promise<Uint8Array> {
    const message = SignalMessage.deserialize(bytesOf(body));
    return signalDecrypt(message, addressOfPeer(peer), this.self, sessions, this.identities);
  }
}

export function addressOfPeer(peer: string): ProtocolAddress {
  return ProtocolAddress.new(peer, DEVICE_ID);
}

/** libsignal wants bytes of its own, where those of small Buffers are shared. */
export function bytesOf(base64: string): Bytes {
  return new Uint8Array(Buffer.from(base64, "base64"));
}
