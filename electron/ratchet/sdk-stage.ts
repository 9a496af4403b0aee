import { markSessionAnswered } from "../vault/sdk-mail-table.ts";
import * as table from "../vault/sdk-ratchet-table.ts";
import type { VaultReader } from "../vault/vault.ts";
import type { RatchetState } from "./sdk/double-ratchet.ts";
import { toBase64 } from "./sdk/encoding.ts";
import { decodeState, encodeState } from "./sdk/state-codec.ts";
import { readHandshake, writeHandshake } from "./sdk/wire.ts";
import type { Handshake } from "./sdk/x3dh.ts";
import { type KeyPair, keyPairOf } from "./sdk/x25519.ts";
import { SkippedKeys } from "./skipped-keys.ts";

/** One of the sessions with a peer. */
export interface SdkSession {
  readonly id: string;
  readonly state: RatchetState;
  /** What our next message has to carry; null once one has. */
  readonly handshake: Handshake | null;
  /** Begun by us. */
  readonly own: boolean;
  readonly startedAt: number;
  /** When something was last decrypted in it. */
  readonly heardAt: number | null;
}

/**
 * What steps of the network's own cipher change, staged in memory as the unit of work is that it
 * belongs to (rule D1).
 */
export class SdkStage {
  readonly skipped: SkippedKeys;
  private readonly staged = new Map<string, readonly SdkSession[]>();
  private readonly usedPrekeys = new Set<string>();
  private readonly handshakes = new Map<string, Uint8Array>();
  private readonly answered = new Set<string>();
  private readonly lost = new Set<string>();
  private readonly vault: VaultReader;
  private readonly parent: SdkStage | null;

  constructor(vault: VaultReader, parent: SdkStage | null) {
    this.vault = vault;
    this.parent = parent;
    this.skipped = new SkippedKeys(vault, parent?.skipped ?? null);
  }

  /** The one that is written in first. */
  sessions(peer: string): readonly SdkSession[] {
    const staged = this.staged.get(peer);
    if (staged) return staged;
    if (this.parent) return this.parent.sessions(peer);
    return table.sdkSessions(this.vault, peer).map(sessionOf);
  }

  saveSessions(peer: string, sessions: readonly SdkSession[]): void {
    this.staged.set(peer, sessions);
  }

  signedPrekey(keyId: string): KeyPair | null {
    return pairOf(table.readSdkPrekey(this.vault, "signed", keyId));
  }

  /** Null when it is none of ours, or used. */
  oneTimePrekey(keyId: string): KeyPair | null {
    if (this.isPrekeyUsed(keyId)) return null;
    return pairOf(table.readSdkPrekey(this.vault, "one-time", keyId));
  }

  takeOneTimePrekey(keyId: string): void {
    this.usedPrekeys.add(keyId);
  }

  get tookPrekey(): boolean {
    return this.usedPrekeys.size > 0;
  }

  isHandshakeSeen(ephemeralKey: Uint8Array): boolean {
    if (this.handshakes.has(toBase64(ephemeralKey))) return true;
    if (this.parent) return this.parent.isHandshakeSeen(ephemeralKey);
    return table.isHandshakeSeen(this.vault, ephemeralKey);
  }

  rememberHandshake(ephemeralKey: Uint8Array): void {
    this.handshakes.set(toBase64(ephemeralKey), ephemeralKey);
  }

  /** The peer has answered something that we sent in it. */
  markAnswered(session: string): void {
    this.answered.add(session);
  }

  /** The peer does not have this session: what we sent in it, unless proven, was not read. */
  markLost(session: string): void {
    this.lost.add(session);
  }

  get lostSessions(): readonly string[] {
    return [...this.lost];
  }

  merge(child: SdkStage): void {
    for (const [peer, sessions] of child.staged) this.staged.set(peer, sessions);
    for (const keyId of child.usedPrekeys) this.usedPrekeys.add(keyId);
    for (const [name, key] of child.handshakes) this.handshakes.set(name, key);
    for (const session of child.answered) this.answered.add(session);
    for (const session of child.lost) this.lost.add(session);
    this.skipped.merge(child.skipped);
  }

  /** Inside `Vault.write`. */
  commit(at: number): void {
    this.skipped.commit(at);
    for (const [peer, sessions] of this.staged) {
      table.writeSdkSessions(this.vault, peer, sessions.map(rowOf));
    }
    for (const keyId of this.usedPrekeys) table.removeSdkPrekey(this.vault, keyId);
    for (const key of this.handshakes.values()) table.rememberHandshake(this.vault, key, at);
    for (const session of this.answered) markSessionAnswered(this.vault, session);
  }

  private isPrekeyUsed(keyId: string): boolean {
    return this.usedPrekeys.has(keyId) || (this.parent?.isPrekeyUsed(keyId) ?? false);
  }
}

function sessionOf(row: table.SdkSessionRow): SdkSession {
  return {
    id: row.id,
    state: decodeState(row.state),
    handshake: row.handshake === null ? null : readHandshake(JSON.parse(row.handshake)),
    own: row.own === 1,
    startedAt: row.started_at,
    heardAt: row.heard_at,
  };
}

function rowOf(session: SdkSession): table.SdkSessionRow {
  const { handshake } = session;
  return {
    id: session.id,
    state: encodeState(session.state),
    handshake: handshake && JSON.stringify(writeHandshake(handshake)),
    own: session.own ? 1 : 0,
    started_at: session.startedAt,
    heard_at: session.heardAt,
  };
}

function pairOf(privateKey: Uint8Array | null): KeyPair | null {
  return privateKey && keyPairOf(privateKey);
}
