import {
  CiphertextMessageType,
  ErrorCode,
  KEMPublicKey,
  LibSignalErrorBase,
  PreKeyBundle,
  PreKeySignalMessage,
  type PrivateKey,
  ProtocolAddress,
  PublicKey,
  processPreKeyBundle,
  SignalMessage,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from "@signalapp/libsignal-client";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { identityFromSeed, identityKeyOf } from "./identity.ts";
import {
  AddressIdentityStore,
  UnitKyberPreKeyStore,
  UnitPreKeyStore,
  UnitSessionStore,
  UnitSignedPreKeyStore,
} from "./stores.ts";
import type { RatchetUnit } from "./unit-of-work.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A peer's published keys; every value is base64 except the numbers. Source: the relay, untrusted. */
export interface PeerBundle {
  readonly registrationId: number;
  readonly identityKey: string;
  readonly signedPreKey: {
    readonly id: number;
    readonly publicKey: string;
    readonly signature: string;
  };
  readonly preKey: { readonly id: number; readonly publicKey: string } | null;
  readonly kyberPreKey: {
    readonly id: number;
    readonly publicKey: string;
    readonly signature: string;
  };
}

export interface Ciphertext {
  /** `PREKEY_BUNDLE` starts a session at the receiver (network.md part 1, section 4). */
  readonly type: "PREKEY_BUNDLE" | "CIPHERTEXT";
  /** base64 */
  readonly body: string;
}

const DEVICE_ID = 1;

/**
 * One agent's end of its libsignal sessions. Every method stages its step in the given unit of work
 * and writes nothing; callers keep one queue per peer. Peers are named by cryptoId.
 */
export class Ratchet {
  private readonly identity: PrivateKey;
  private readonly identities: AddressIdentityStore;
  private readonly self: ProtocolAddress;

  constructor(agent: { cryptoId: string; seed: Uint8Array; registrationId: number }) {
    this.identity = identityFromSeed(agent.seed);
    this.identities = new AddressIdentityStore(this.identity, agent.registrationId);
    this.self = ProtocolAddress.new(agent.cryptoId, DEVICE_ID);
  }

  hasSession(unit: RatchetUnit, peer: string): boolean {
    return unit.session(peer)?.hasCurrentState() ?? false;
  }

  /** The current session is kept for reading alone; false when there is none. */
  archiveSession(unit: RatchetUnit, peer: string): boolean {
    const record = unit.session(peer);
    if (!record?.hasCurrentState()) return false;
    record.archiveCurrentState();
    unit.saveSession(peer, record);
    return true;
  }

  /** Throws `peer_identity_mismatch` when the bundle's identity key is not the address's own. */
  async startSession(unit: RatchetUnit, peer: string, bundle: PeerBundle): Promise<void> {
    const expected = identityKeyOf(peer);
    try {
      if (!PublicKey.deserialize(decode(bundle.identityKey)).equals(expected)) throw mismatch(peer);
      await processPreKeyBundle(
        toPreKeyBundle(bundle),
        ProtocolAddress.new(peer, DEVICE_ID),
        this.self,
        new UnitSessionStore(unit),
        this.identities,
      );
    } catch (cause) {
      throw cause instanceof TinyplaceError ? cause : mismatch(peer, cause);
    }
  }

  async encrypt(unit: RatchetUnit, peer: string, plaintext: Uint8Array): Promise<Ciphertext> {
    const message = await signalEncrypt(
      plaintext as Bytes,
      ProtocolAddress.new(peer, DEVICE_ID),
      this.self,
      new UnitSessionStore(unit),
      this.identities,
    );
    const first = message.type() === CiphertextMessageType.PreKey;
    return {
      type: first ? "PREKEY_BUNDLE" : "CIPHERTEXT",
      body: Buffer.from(message.serialize()).toString("base64"),
    };
  }

  /** Throws libsignal's error when it cannot be decrypted; the unit is then to be dropped. */
  async decrypt(unit: RatchetUnit, peer: string, ciphertext: Ciphertext): Promise<Uint8Array> {
    const from = ProtocolAddress.new(peer, DEVICE_ID);
    const sessions = new UnitSessionStore(unit);
    const bytes = decode(ciphertext.body);
    if (ciphertext.type === "CIPHERTEXT") {
      const message = SignalMessage.deserialize(bytes);
      return signalDecrypt(message, from, this.self, sessions, this.identities);
    }
    return signalDecryptPreKey(
      PreKeySignalMessage.deserialize(bytes),
      from,
      this.self,
      sessions,
      this.identities,
      new UnitPreKeyStore(unit),
      new UnitSignedPreKeyStore(unit),
      new UnitKyberPreKeyStore(unit),
    );
  }
}

/** The message's key was used already: it was decrypted before, or its sender went back in time. */
export function isRepeatedMessage(error: unknown): boolean {
  return error instanceof LibSignalErrorBase && error.code === ErrorCode.DuplicatedMessage;
}

function toPreKeyBundle(bundle: PeerBundle): PreKeyBundle {
  return PreKeyBundle.new(
    bundle.registrationId,
    DEVICE_ID,
    bundle.preKey?.id ?? null,
    bundle.preKey ? PublicKey.deserialize(decode(bundle.preKey.publicKey)) : null,
    bundle.signedPreKey.id,
    PublicKey.deserialize(decode(bundle.signedPreKey.publicKey)),
    decode(bundle.signedPreKey.signature),
    PublicKey.deserialize(decode(bundle.identityKey)),
    bundle.kyberPreKey.id,
    KEMPublicKey.deserialize(decode(bundle.kyberPreKey.publicKey)),
    decode(bundle.kyberPreKey.signature),
  );
}

function decode(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function mismatch(peer: string, cause?: unknown): TinyplaceError {
  return new TinyplaceError(
    "peer_identity_mismatch",
    `The keys published for ${peer} do not belong to that address, so nothing was encrypted to them.`,
    "Check the address with the other agent. If it is right, the relay in between offers false keys: do not use it.",
    { cause },
  );
}
