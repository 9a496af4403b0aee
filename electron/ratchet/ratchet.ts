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
import { mismatch, withoutKeys } from "./bundle-errors.ts";
import type { Cipher, Ciphertext, LibsignalKeys, PeerBundle, Sealed } from "./cipher.ts";
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

const DEVICE_ID = 1;

/** libsignal with PQXDH (rule E1). */
export class Ratchet implements Cipher {
  readonly suite = "libsignal";
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

  archiveSession(unit: RatchetUnit, peer: string): boolean {
    const record = unit.session(peer);
    if (!record?.hasCurrentState()) return false;
    record.archiveCurrentState();
    unit.saveSession(peer, record);
    return true;
  }

  async startSession(unit: RatchetUnit, peer: string, bundle: PeerBundle): Promise<void> {
    const expected = identityKeyOf(peer);
    const keys = bundle.libsignal;
    if (!keys) throw withoutKeys(peer);
    try {
      if (!PublicKey.deserialize(decode(keys.identityKey)).equals(expected)) throw mismatch(peer);
      await processPreKeyBundle(
        toPreKeyBundle(keys),
        ProtocolAddress.new(peer, DEVICE_ID),
        this.self,
        new UnitSessionStore(unit),
        this.identities,
      );
    } catch (cause) {
      throw cause instanceof TinyplaceError ? cause : mismatch(peer, cause);
    }
  }

  async encrypt(unit: RatchetUnit, peer: string, plaintext: Uint8Array): Promise<Sealed> {
    const message = await signalEncrypt(
      plaintext as Bytes,
      ProtocolAddress.new(peer, DEVICE_ID),
      this.self,
      new UnitSessionStore(unit),
      this.identities,
    );
    const first = message.type() === CiphertextMessageType.PreKey;
    const ciphertext = {
      type: first ? ("PREKEY_BUNDLE" as const) : ("CIPHERTEXT" as const),
      body: Buffer.from(message.serialize()).toString("base64"),
    };
    return { ciphertext, session: null };
  }

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

  isRepeated(error: unknown): boolean {
    return error instanceof LibSignalErrorBase && error.code === ErrorCode.DuplicatedMessage;
  }
}

function toPreKeyBundle(bundle: LibsignalKeys): PreKeyBundle {
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
