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

export interface LibsignalFigures {
  /** Each message encrypted and decrypted once, all in one direction. */
  readonly oneWayPerSecond: number;
  /** The same, both sides in turn: every message turns the ratchet. */
  readonly inTurnPerSecond: number;
  readonly encryptPerSecond: number;
  readonly decryptPerSecond: number;
  /** A bundle made, a session begun with it, its first message decrypted. */
  readonly handshakesPerSecond: number;
}

/** Messages a second of `size` bytes of text, in one process. */
export async function libsignalAlone(count: number, size: number): Promise<LibsignalFigures> {
  const text = new Uint8Array(size).fill(120);
  const pair = await Pair.begin();
  await pair.pass(text, "a");
  await pair.pass(text, "b");
  const oneWayPerSecond = await rate(count, () => pair.pass(text, "a"));
  const inTurnPerSecond = await rate(count, (i) => pair.pass(text, i % 2 === 0 ? "a" : "b"));
  const sealed: Uint8Array<ArrayBuffer>[] = [];
  const encryptPerSecond = await rate(count, async () => {
    sealed.push((await pair.encrypt(text, "a")).serialize());
  });
  const decryptPerSecond = await rate(count, (i) => pair.decrypt(sealed[i] as never, "a"));
  const handshakesPerSecond = await rate(count / 20, async () => {
    await (await Pair.begin()).pass(text, "a");
  });
  return {
    oneWayPerSecond,
    inTurnPerSecond,
    encryptPerSecond,
    decryptPerSecond,
    handshakesPerSecond,
  };
}

async function rate(count: number, once: (i: number) => Promise<void>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) await once(i);
  return Math.round(count / ((performance.now() - start) / 1000));
}

type Name = "a" | "b";

/** Two identities with a session from a to b, stores in memory. */
class Pair {
  private readonly addresses = { a: ProtocolAddress.new("a", 1), b: ProtocolAddress.new("b", 1) };
  private readonly identities = { a: new Identities(), b: new Identities() };
  private readonly sessions = { a: new Sessions(), b: new Sessions() };
  private readonly prekeys: readonly [NoPrekeys, OneSigned, OneKyber];
  private readonly bundle: PreKeyBundle;

  private constructor() {
    const bob = this.identities.b.own;
    const ec = PrivateKey.generate();
    const signature = bob.sign(ec.getPublicKey().serialize());
    const signed = SignedPreKeyRecord.new(1, 0, ec.getPublicKey(), ec, signature);
    const kem = KEMKeyPair.generate();
    const kemSignature = bob.sign(kem.getPublicKey().serialize());
    const kyber = KyberPreKeyRecord.new(1, 0, kem, kemSignature);
    this.prekeys = [new NoPrekeys(), new OneSigned(signed), new OneKyber(kyber)];
    this.bundle = PreKeyBundle.new(
      ...([1, 1, null, null, 1, ec.getPublicKey(), signature, bob.getPublicKey()] as const),
      ...([1, kem.getPublicKey(), kemSignature] as const),
    );
  }

  static async begin(): Promise<Pair> {
    const pair = new Pair();
    const { addresses, sessions, identities } = pair;
    const to = [addresses.b, addresses.a, sessions.a, identities.a] as const;
    await processPreKeyBundle(pair.bundle, ...to);
    return pair;
  }

  encrypt(text: Uint8Array<ArrayBuffer>, from: Name) {
    const to = from === "a" ? "b" : "a";
    const { addresses, sessions, identities } = this;
    return signalEncrypt(text, addresses[to], addresses[from], sessions[from], identities[from]);
  }

  async decrypt(bytes: Uint8Array<ArrayBuffer>, from: Name): Promise<void> {
    const to = from === "a" ? "b" : "a";
    const { addresses, sessions, identities } = this;
    const parts = [addresses[from], addresses[to], sessions[to], identities[to]] as const;
    await signalDecrypt(SignalMessage.deserialize(bytes), ...parts);
  }

  async pass(text: Uint8Array<ArrayBuffer>, from: Name): Promise<void> {
    const message = await this.encrypt(text, from);
    const bytes = message.serialize();
    if (message.type() !== CiphertextMessageType.PreKey) return this.decrypt(bytes, from);
    const to = from === "a" ? "b" : "a";
    const { addresses, sessions, identities } = this;
    const first = PreKeySignalMessage.deserialize(bytes);
    const parts = [addresses[from], addresses[to], sessions[to], identities[to]] as const;
    await signalDecryptPreKey(first, ...parts, ...this.prekeys);
  }
}
