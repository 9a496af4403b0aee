import {
  type Direction,
  IdentityChange,
  IdentityKeyStore,
  type KyberPreKeyRecord,
  KyberPreKeyStore,
  type PreKeyRecord,
  PreKeyStore,
  type PrivateKey,
  type ProtocolAddress,
  type PublicKey,
  type SessionRecord,
  SessionStore,
  type SignedPreKeyRecord,
  SignedPreKeyStore,
} from "@signalapp/libsignal-client";
import { identityKeyOf } from "./identity.ts";
import type { RatchetUnit } from "./unit-of-work.ts";

/**
 * libsignal's stores, bound to one local identity and one unit of work. They only stage; calls that
 * libsignal has no reason to make throw.
 */
export class UnitSessionStore extends SessionStore {
  private readonly unit: RatchetUnit;

  constructor(unit: RatchetUnit) {
    super();
    this.unit = unit;
  }

  override async saveSession(name: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.unit.saveSession(name.name(), record);
  }

  override async getSession(name: ProtocolAddress): Promise<SessionRecord | null> {
    return this.unit.session(name.name());
  }

  override async getExistingSessions(): Promise<SessionRecord[]> {
    throw unexpected("getExistingSessions: sealed sender is not used");
  }
}

export class AddressIdentityStore extends IdentityKeyStore {
  private readonly own: PrivateKey;
  private readonly registrationId: number;

  constructor(own: PrivateKey, registrationId: number) {
    super();
    this.own = own;
    this.registrationId = registrationId;
  }

  override async getIdentityKey(): Promise<PrivateKey> {
    return this.own;
  }

  override async getLocalRegistrationId(): Promise<number> {
    return this.registrationId;
  }

  /** Nothing to keep: the address is the key. Another key never gets this far. */
  override async saveIdentity(name: ProtocolAddress, key: PublicKey): Promise<IdentityChange> {
    if (!identityKeyOf(name.name()).equals(key)) throw unexpected("an identity key changed");
    return IdentityChange.NewOrUnchanged;
  }

  override async isTrustedIdentity(
    name: ProtocolAddress,
    key: PublicKey,
    _direction: Direction,
  ): Promise<boolean> {
    return identityKeyOf(name.name()).equals(key);
  }

  override async getIdentity(name: ProtocolAddress): Promise<PublicKey | null> {
    return identityKeyOf(name.name());
  }
}

export class UnitPreKeyStore extends PreKeyStore {
  private readonly unit: RatchetUnit;

  constructor(unit: RatchetUnit) {
    super();
    this.unit = unit;
  }

  override async savePreKey(): Promise<void> {
    throw unexpected("savePreKey");
  }

  override async getPreKey(id: number): Promise<PreKeyRecord> {
    return this.unit.prekey(id);
  }

  override async removePreKey(id: number): Promise<void> {
    this.unit.takePrekey(id);
  }
}

export class UnitSignedPreKeyStore extends SignedPreKeyStore {
  private readonly unit: RatchetUnit;

  constructor(unit: RatchetUnit) {
    super();
    this.unit = unit;
  }

  override async saveSignedPreKey(): Promise<void> {
    throw unexpected("saveSignedPreKey");
  }

  override async getSignedPreKey(id: number): Promise<SignedPreKeyRecord> {
    return this.unit.signedPrekey(id);
  }
}

export class UnitKyberPreKeyStore extends KyberPreKeyStore {
  private readonly unit: RatchetUnit;

  constructor(unit: RatchetUnit) {
    super();
    this.unit = unit;
  }

  override async saveKyberPreKey(): Promise<void> {
    throw unexpected("saveKyberPreKey");
  }

  override async getKyberPreKey(id: number): Promise<KyberPreKeyRecord> {
    return this.unit.kyberPrekey(id);
  }

  override async markKyberPreKeyUsed(
    id: number,
    signedPreKeyId: number,
    baseKey: PublicKey,
  ): Promise<void> {
    this.unit.takeKyberPrekey(id, signedPreKeyId, baseKey.serialize());
  }
}

function unexpected(call: string): Error {
  return new Error(`libsignal made a call that this design never needs: ${call}`);
}
