import {
  CiphertextMessageType,
  type Direction,
  IdentityChange,
  IdentityKeyStore,
  KEMKeyPair,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyBundle,
  PreKeySignalMessage,
  PreKeyStore,
  PrivateKey,
  ProtocolAddress,
  type PublicKey,
  processPreKeyBundle,
  type SessionRecord,
  SessionStore,
  SignalMessage,
  SignedPreKeyRecord,
  SignedPreKeyStore,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from "@signalapp/libsignal-client";

/** The limit the product is measured against: libsignal with stores in memory, nothing else. */
class Sessions extends SessionStore {
  private readonly records = new Map<string, SessionRecord>();
  override async saveSession(name: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.records.set(name.name(), record);
  }
  override async getSession(name: ProtocolAddress): Promise<SessionRecord | null> {
    return this.records.get(name.name()) ?? null;
  }
  override async getExistingSessions(): Promise<SessionRecord[]> {
    return [];
  }
}

class Identities extends IdentityKeyStore {
  readonly own = PrivateKey.generate();
  override async getIdentityKey(): Promise<PrivateKey> {
    return this.own;
  }
  override async getLocalRegistrationId(): Promise<number> {
    return 1;
  }
  override async saveIdentity(): Promise<IdentityChange> {
    return IdentityChange.NewOrUnchanged;
  }
  override async isTrustedIdentity(
    _name: ProtocolAddress,
    _key: PublicKey,
    _direction: Direction,
  ): Promise<boolean> {
    return true;
  }
  override async getIdentity(): Promise<PublicKey | null> {
    return null;
  }
}

class NoPrekeys extends PreKeyStore {
  override async savePreKey(): Promise<void> {}
  override async getPreKey(): Promise<never> {
    throw new Error("no one-time prekey is used here");
  }
  override async removePreKey(): Promise<void> {}
}

class OneSigned extends SignedPreKeyStore {
  private readonly record: SignedPreKeyRecord;
  constructor(record: SignedPreKeyRecord) {
    super();
    this.record = record;
  }
  override async saveSignedPreKey(): Promise<void> {}
  override async getSignedPreKey(): Promise<SignedPreKeyRecord> {
    return this.record;
  }
}

class OneKyber extends KyberPreKeyStore {
  private readonly record: KyberPreKeyRecord;
  constructor(record: KyberPreKeyRecord) {
    super();
    this.record = record;
  }
  override async saveKyberPreKey(): Promise<void> {}
  override async getKyberPreKey(): Promise<KyberPreKeyRecord> {
    return this.record;
  }
  override async markKyberPreKeyUsed(): Promise<void> {}
}

/** Messages a second, each encrypted and decrypted once, one way, `size` bytes of text. */
export async function libsignalAlone(count: number, size: number): Promise<number> {
  const [a, b] = [ProtocolAddress.new("a", 1), ProtocolAddress.new("b", 1)];
  const [alice, bob] = [new Identities(), new Identities()];
  const [sending, receiving] = [new Sessions(), new Sessions()];
  const ec = PrivateKey.generate();
  const signature = bob.own.sign(ec.getPublicKey().serialize());
  const signed = SignedPreKeyRecord.new(1, 0, ec.getPublicKey(), ec, signature);
  const pair = KEMKeyPair.generate();
  const kyberSignature = bob.own.sign(pair.getPublicKey().serialize());
  const kyber = KyberPreKeyRecord.new(1, 0, pair, kyberSignature);
  const bundle = PreKeyBundle.new(
    1,
    1,
    null,
    null,
    1,
    ec.getPublicKey(),
    signature,
    bob.own.getPublicKey(),
    1,
    pair.getPublicKey(),
    kyberSignature,
  );
  await processPreKeyBundle(bundle, b, a, sending, alice);
  const prekeys = [new NoPrekeys(), new OneSigned(signed), new OneKyber(kyber)] as const;
  const pass = async (text: Uint8Array<ArrayBuffer>, from: "a" | "b") => {
    const [to, self] = from === "a" ? [b, a] : [a, b];
    const [out, back] = from === "a" ? [sending, receiving] : [receiving, sending];
    const [me, other] = from === "a" ? [alice, bob] : [bob, alice];
    const message = await signalEncrypt(text, to, self, out, me);
    const bytes = message.serialize();
    if (message.type() === CiphertextMessageType.PreKey) {
      const first = PreKeySignalMessage.deserialize(bytes);
      await signalDecryptPreKey(first, self, to, back, other, ...prekeys);
    } else await signalDecrypt(SignalMessage.deserialize(bytes), self, to, back, other);
  };
  const text = new Uint8Array(size).fill(120);
  await pass(text, "a");
  await pass(text, "b");
  const start = performance.now();
  for (let i = 0; i < count; i++) await pass(text, "a");
  return count / ((performance.now() - start) / 1000);
}
