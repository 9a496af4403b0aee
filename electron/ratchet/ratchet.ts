import {
  ErrorCode,
  KEMPublicKey,
  LibSignalErrorBase,
  PreKeyBundle,
  PreKeySignalMessage,
  PublicKey,
  processPreKeyBundle,
  signalDecryptPreKey,
} from "@signalapp/libsignal-client";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { mismatch, withoutKeys } from "./bundle-errors.ts";
import type { Cipher, Ciphertext, LibsignalKeys, PeerBundle, Sealed } from "./cipher.ts";
import { identityKeyOf } from "./identity.ts";
import type { BatchStart, RatchetThread } from "./ratchet-thread.ts";
import {
  addressOfPeer,
  bytesOf,
  DEVICE_ID,
  type RatchetAgent,
  SessionCipher,
} from "./session-cipher.ts";
import {
  UnitKyberPreKeyStore,
  UnitPreKeyStore,
  UnitSessionStore,
  UnitSignedPreKeyStore,
} from "./stores.ts";
import type { RatchetUnit } from "./unit-of-work.ts";

/** libsignal with PQXDH (rule E1). */
export class Ratchet implements Cipher {
  readonly suite = "libsignal";
  private readonly agent: RatchetAgent;
  private readonly inSession: SessionCipher;
  private readonly thread: RatchetThread | null;

  /** @param thread takes batches; without one everything is done on this thread */
  constructor(agent: RatchetAgent, thread: RatchetThread | null = null) {
    const { cryptoId, seed, registrationId } = agent;
    this.agent = { cryptoId, seed, registrationId };
    this.inSession = new SessionCipher(agent);
    this.thread = thread;
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
      if (!PublicKey.deserialize(bytesOf(keys.identityKey)).equals(expected)) throw mismatch(peer);
      await processPreKeyBundle(
        toPreKeyBundle(keys),
        addressOfPeer(peer),
        this.inSession.self,
        new UnitSessionStore(unit),
        this.inSession.identities,
      );
    } catch (cause) {
      throw cause instanceof TinyplaceError ? cause : mismatch(peer, cause);
    }
  }

  async encrypt(unit: RatchetUnit, peer: string, plaintext: Uint8Array): Promise<Sealed> {
    const sessions = new UnitSessionStore(unit);
    return sealed(await this.inSession.encrypt(sessions, peer, plaintext));
  }

  async encryptAhead(
    unit: RatchetUnit,
    peer: string,
    plaintexts: readonly Uint8Array[],
  ): Promise<readonly Sealed[]> {
    if (!this.thread?.takes(plaintexts.length)) return [];
    const start = this.batchStart(unit, peer);
    const batch = start && (await this.thread.encrypt(start, plaintexts));
    if (!batch || batch.made.length === 0) return [];
    unit.saveSessionBytes(peer, batch.session);
    return batch.made.map(sealed);
  }

  async decrypt(unit: RatchetUnit, peer: string, ciphertext: Ciphertext): Promise<Uint8Array> {
    const sessions = new UnitSessionStore(unit);
    if (ciphertext.type === "CIPHERTEXT") {
      return this.inSession.decrypt(sessions, peer, ciphertext.body);
    }
    return signalDecryptPreKey(
      PreKeySignalMessage.deserialize(bytesOf(ciphertext.body)),
      addressOfPeer(peer),
      this.inSession.self,
      sessions,
      this.inSession.identities,
      new UnitPreKeyStore(unit),
      new UnitSignedPreKeyStore(unit),
      new UnitKyberPreKeyStore(unit),
    );
  }

  async decryptAhead(
    unit: RatchetUnit,
    peer: string,
    messages: readonly Ciphertext[],
  ): Promise<readonly Uint8Array[]> {
    // A first message takes one-time keys, which the thread has not.
    const first = messages.findIndex((one) => one.type !== "CIPHERTEXT");
    const bodies = messages.slice(0, first < 0 ? undefined : first).map((one) => one.body);
    if (!this.thread?.takes(bodies.length)) return [];
    const start = this.batchStart(unit, peer);
    const batch = start && (await this.thread.decrypt(start, bodies));
    if (!batch || batch.made.length === 0) return [];
    unit.saveSessionBytes(peer, batch.session);
    return batch.made;
  }

  isRepeated(error: unknown): boolean {
    return error instanceof LibSignalErrorBase && error.code === ErrorCode.DuplicatedMessage;
  }

  private batchStart(unit: RatchetUnit, peer: string): BatchStart | null {
    const session = unit.sessionBytes(peer);
    return session && { agent: this.agent, peer, session };
  }
}

function sealed(ciphertext: Ciphertext): Sealed {
  return { ciphertext, session: null };
}

function toPreKeyBundle(bundle: LibsignalKeys): PreKeyBundle {
  return PreKeyBundle.new(
    bundle.registrationId,
    DEVICE_ID,
    bundle.preKey?.id ?? null,
    bundle.preKey ? PublicKey.deserialize(bytesOf(bundle.preKey.publicKey)) : null,
    bundle.signedPreKey.id,
    PublicKey.deserialize(bytesOf(bundle.signedPreKey.publicKey)),
    bytesOf(bundle.signedPreKey.signature),
    PublicKey.deserialize(bytesOf(bundle.identityKey)),
    bundle.kyberPreKey.id,
    KEMPublicKey.deserialize(bytesOf(bundle.kyberPreKey.publicKey)),
    bytesOf(bundle.kyberPreKey.signature),
  );
}
