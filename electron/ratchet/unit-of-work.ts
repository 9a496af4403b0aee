import {
  KyberPreKeyRecord,
  PreKeyRecord,
  SessionRecord,
  SignedPreKeyRecord,
} from "@signalapp/libsignal-client";
import * as table from "../vault/ratchet-table.ts";
import type { VaultReader } from "../vault/vault.ts";
import { SdkStage } from "./sdk-stage.ts";

/**
 * What a ratchet step changes, staged in memory (rule D1): libsignal's store callbacks are
 * asynchronous, a database transaction must not be. `commit` writes the stage inside one
 * `Vault.write`; a step that fails is simply dropped. Units nest, so that one bad envelope of a batch
 * leaves the others' steps untouched.
 */
export class RatchetUnit {
  /** Steps of the network's own cipher; the rest is libsignal's. */
  readonly sdk: SdkStage;
  /** Records, or their bytes where nobody needs more of them. */
  private readonly sessions = new Map<string, SessionRecord | Uint8Array>();
  private readonly usedPrekeys = new Set<number>();
  private readonly usedKyber: { id: number; signedId: number; baseKey: Uint8Array }[] = [];
  private readonly vault: VaultReader;
  private readonly parent: RatchetUnit | null;

  constructor(vault: VaultReader, parent: RatchetUnit | null = null) {
    this.vault = vault;
    this.parent = parent;
    this.sdk = new SdkStage(vault, parent?.sdk ?? null);
  }

  child(): RatchetUnit {
    return new RatchetUnit(this.vault, this);
  }

  session(peer: string): SessionRecord | null {
    const found = this.newestSession(peer);
    if (!(found instanceof Uint8Array)) return found;
    return SessionRecord.deserialize(found as Uint8Array<ArrayBuffer>);
  }

  sessionBytes(peer: string): Uint8Array | null {
    const found = this.newestSession(peer);
    return found && bytesOf(found);
  }

  saveSession(peer: string, record: SessionRecord): void {
    this.sessions.set(peer, record);
  }

  /** As `SessionRecord.serialize` gives them. */
  saveSessionBytes(peer: string, bytes: Uint8Array): void {
    this.sessions.set(peer, bytes);
  }

  prekey(id: number): PreKeyRecord {
    if (this.isPrekeyUsed(id)) throw new Error(`one-time prekey ${id} was used`);
    const bytes = table.readPrekey(this.vault, "prekey", id);
    if (!bytes) throw new Error(`no one-time prekey ${id}`);
    return PreKeyRecord.deserialize(bytes as Uint8Array<ArrayBuffer>);
  }

  takePrekey(id: number): void {
    this.usedPrekeys.add(id);
  }

  /** Whether a one-time key was used up: the relay may soon need more. */
  get tookPrekey(): boolean {
    return this.usedPrekeys.size > 0 || this.sdk.tookPrekey;
  }

  signedPrekey(id: number): SignedPreKeyRecord {
    const bytes = table.readPrekey(this.vault, "signed_prekey", id);
    if (!bytes) throw new Error(`no signed prekey ${id}`);
    return SignedPreKeyRecord.deserialize(bytes as Uint8Array<ArrayBuffer>);
  }

  kyberPrekey(id: number): KyberPreKeyRecord {
    const bytes = table.readPrekey(this.vault, "kyber_prekey", id);
    if (!bytes) throw new Error(`no Kyber prekey ${id}`);
    return KyberPreKeyRecord.deserialize(bytes as Uint8Array<ArrayBuffer>);
  }

  /** Throws when a last-resort key would serve the same first message twice. */
  takeKyberPrekey(id: number, signedId: number, baseKey: Uint8Array): void {
    const fresh =
      !this.isBaseKeyStaged(id, signedId, baseKey) &&
      table.isFreshBaseKey(this.vault, id, signedId, baseKey);
    if (!fresh) throw new Error(`first message repeated on Kyber prekey ${id}`);
    this.usedKyber.push({ id, signedId, baseKey });
  }

  /** Makes a successful child's steps this unit's own. */
  merge(child: RatchetUnit): void {
    for (const [peer, record] of child.sessions) this.sessions.set(peer, record);
    for (const id of child.usedPrekeys) this.usedPrekeys.add(id);
    this.usedKyber.push(...child.usedKyber);
    this.sdk.merge(child.sdk);
  }

  /** Writes the stage. Call inside `Vault.write`, together with what the steps belong to. */
  commit(at: number): void {
    for (const [peer, record] of this.sessions) {
      table.writeSession(this.vault, peer, bytesOf(record), at);
    }
    this.sdk.commit(at);
    for (const id of this.usedPrekeys) table.removePrekey(this.vault, id);
    for (const use of this.usedKyber) {
      if (table.isLastResort(this.vault, use.id)) {
        table.rememberBaseKey(this.vault, use.id, use.signedId, use.baseKey);
      } else {
        table.removeKyberPrekey(this.vault, use.id);
      }
    }
  }

  private newestSession(peer: string): SessionRecord | Uint8Array | null {
    const staged = this.sessions.get(peer);
    if (staged) return staged;
    return this.parent ? this.parent.newestSession(peer) : table.readSession(this.vault, peer);
  }

  private isPrekeyUsed(id: number): boolean {
    return this.usedPrekeys.has(id) || (this.parent?.isPrekeyUsed(id) ?? false);
  }

  private isBaseKeyStaged(id: number, signedId: number, baseKey: Uint8Array): boolean {
    const here = this.usedKyber.some(
      (use) =>
        use.id === id && use.signedId === signedId && Buffer.compare(use.baseKey, baseKey) === 0,
    );
    return here || (this.parent?.isBaseKeyStaged(id, signedId, baseKey) ?? false);
  }
}

function bytesOf(record: SessionRecord | Uint8Array): Uint8Array {
  return record instanceof Uint8Array ? record : record.serialize();
}
