import { randomBytes } from "node:crypto";
import { REHANDSHAKE_BODY } from "../../shared/envelope/envelope.ts";
import type { Clock } from "../platform/clock.ts";
import { addressKeys, identityScalar } from "./address-key.ts";
import { mismatch, withoutKeys } from "./bundle-errors.ts";
import type { Cipher, Ciphertext, PeerBundle, Sealed } from "./cipher.ts";
import { type Decrypted, decrypt, type Ends, encrypt, type Header } from "./sdk/double-ratchet.ts";
import { fromBase64, sameBytes, toBase64 } from "./sdk/encoding.ts";
import { SdkCipherError } from "./sdk/error.ts";
import { readHandshake, readHeader, type WireSignal, writeSignal } from "./sdk/wire.ts";
import { initiate, respond } from "./sdk/x3dh.ts";
import { keyPairOf } from "./sdk/x25519.ts";
import type { SdkSession, SdkStage } from "./sdk-stage.ts";
import type { RatchetUnit } from "./unit-of-work.ts";

/**
 * Former sessions still read what was sent in them. A peer begins one for every message that it could
 * not read, a page of its mailbox at once, and what it wrote before may come after all of them: so these few are kept
 * for good, more while they are fresh, and never more than the last number.
 */
const KEPT_SESSIONS = 4;
const FRESH_MS = 24 * 3600 * 1000;
const MAX_SESSIONS = 64;
/**
 * What a peer wrote this soon after we began a session may have crossed our first message on its way,
 * and says nothing about whether that arrived. In ms.
 */
const CROSSING_MS = 60_000;

type Incoming = Ciphertext & { readonly timestamp?: string };

/**
 * The network's own cipher (rule E3). An SDK peer has one session and replaces it by whatever
 * handshake came last; so which of ours it has is concluded from what it writes, several are kept to
 * read with, and the first is written in.
 */
export class SdkCipher implements Cipher {
  readonly suite = "sdk";
  private readonly identity: Uint8Array;
  private readonly identityPublic: Uint8Array;
  private readonly clock: Clock;

  constructor(agent: { seed: Uint8Array }, clock: Clock) {
    this.identity = identityScalar(agent.seed);
    this.identityPublic = keyPairOf(this.identity).publicKey;
    this.clock = clock;
  }

  hasSession(unit: RatchetUnit, peer: string): boolean {
    return unit.sdk.sessions(peer).length > 0;
  }

  /** One after the other: its peers are the network's other clients, whose mail is seldom much. */
  async encryptAhead(): Promise<readonly Sealed[]> {
    return [];
  }

  async decryptAhead(): Promise<readonly Uint8Array[]> {
    return [];
  }

  async startSession(unit: RatchetUnit, peer: string, bundle: PeerBundle): Promise<void> {
    const keys = addressKeys(peer);
    if (!bundle.sdk) throw withoutKeys(peer);
    try {
      const { state, handshake } = initiate(this.identity, keys, bundle.sdk);
      const startedAt = this.clock.now();
      const session = { id: newId(), state, handshake, own: true, startedAt, heardAt: null };
      this.save(unit.sdk, peer, [session, ...unit.sdk.sessions(peer)]);
    } catch (cause) {
      throw mismatch(peer, cause);
    }
  }

  /** All are forgotten: the peer has one, and replaces it by the handshake that comes next. */
  archiveSession(unit: RatchetUnit, peer: string): boolean {
    const had = this.hasSession(unit, peer);
    if (had) this.save(unit.sdk, peer, []);
    return had;
  }

  async encrypt(unit: RatchetUnit, peer: string, plaintext: Uint8Array): Promise<Sealed> {
    const [current, ...former] = unit.sdk.sessions(peer);
    if (!current) throw new SdkCipherError("no_session", "there is no session with this peer");
    const ends = { sender: this.identityPublic, recipient: addressKeys(peer).x25519 };
    const { state, header, body } = encrypt(current.state, ends, plaintext);
    this.save(unit.sdk, peer, [{ ...current, state, handshake: null }, ...former]);
    const ciphertext: Ciphertext = {
      type: current.handshake ? "PREKEY_BUNDLE" : "CIPHERTEXT",
      body: toBase64(body),
      signal: writeSignal(header, current.handshake),
    };
    return { ciphertext, session: current.id };
  }

  async decrypt(unit: RatchetUnit, peer: string, message: Incoming): Promise<Uint8Array> {
    const sender = addressKeys(peer).x25519;
    const incoming = {
      header: readHeader(message.signal),
      body: fromBase64(message.body),
      ends: { sender, recipient: this.identityPublic },
    };
    const sentAt = claimedTime(message.timestamp, this.clock.now());
    if (message.type === "PREKEY_BUNDLE") {
      return this.accept(unit.sdk, peer, incoming, message.signal as WireSignal, sentAt);
    }
    return this.read(unit.sdk, peer, incoming, sentAt);
  }

  isRepeated(error: unknown): boolean {
    if (!(error instanceof SdkCipherError)) return false;
    return ["stale", "used_key", "no_prekey"].includes(error.problem);
  }

  /** A first message: its session is kept, and nothing changed, only when it decrypts. */
  private accept(
    stage: SdkStage,
    peer: string,
    message: { header: Header; body: Uint8Array; ends: Ends },
    signal: WireSignal,
    sentAt: number,
  ): Uint8Array {
    const handshake = readHandshake(signal);
    const { ephemeralKey, signedPreKeyId, oneTimePreKeyId } = handshake;
    if (stage.isHandshakeSeen(ephemeralKey)) {
      throw new SdkCipherError("used_key", "the handshake was used before");
    }
    const signed = stage.signedPrekey(signedPreKeyId);
    if (!signed) throw new SdkCipherError("no_prekey", "the signed pre-key it names is gone");
    const oneTime = oneTimePreKeyId === null ? null : stage.oneTimePrekey(oneTimePreKeyId);
    const fresh = respond(this.identity, message.ends.sender, handshake, { signed, oneTime });
    const step = decrypt(fresh, message, null);
    if (oneTimePreKeyId !== null) stage.takeOneTimePrekey(oneTimePreKeyId);
    else stage.rememberHandshake(ephemeralKey);
    const heardAt = this.clock.now();
    const session = {
      id: newId(),
      state: step.state,
      handshake: null,
      own: false,
      startedAt: sentAt,
      heardAt,
    };
    stage.skipped.keep(session.id, step.skipped);
    const isPing = sameBytes(step.plaintext, Buffer.from(REHANDSHAKE_BODY, "utf8"));
    this.place(stage, peer, session, { isPing, sentAt });
    return step.plaintext;
  }

  private place(
    stage: SdkStage,
    peer: string,
    session: SdkSession,
    sign: { isPing: boolean; sentAt: number },
  ): void {
    const sessions = stage.sessions(peer);
    const [current, ...former] = sessions;
    // Both wrote first at once: ours replaces theirs there, when it arrives.
    if (current && !sign.isPing && mayBeOnItsWay(current, sign.sentAt)) {
      this.save(stage, peer, [current, session, ...former]);
      return;
    }
    // It says that it could not read ours, or began anew because ours never came.
    for (const one of sessions) {
      if (sign.isPing || (one.own && one.heardAt === null)) stage.markLost(one.id);
    }
    this.save(stage, peer, [session, ...sessions]);
  }

  private read(
    stage: SdkStage,
    peer: string,
    message: { header: Header; body: Uint8Array; ends: Ends },
    sentAt: number,
  ): Uint8Array {
    const sessions = stage.sessions(peer);
    let problem: SdkCipherError | null = null;
    for (const session of likeliestFirst(stage, sessions, message.header)) {
      try {
        const step = openIn(stage, session, message);
        this.heard(stage, peer, session, step, sentAt);
        return step.plaintext;
      } catch (error) {
        if (!(error instanceof SdkCipherError) || error.problem === "stale") throw error;
        problem ??= error;
      }
    }
    throw problem ?? new SdkCipherError("no_session", "there is no session with its sender");
  }

  private heard(
    stage: SdkStage,
    peer: string,
    session: SdkSession,
    step: Decrypted,
    sentAt: number,
  ): void {
    const sessions = stage.sessions(peer);
    const next = { ...session, state: step.state, heardAt: this.clock.now() };
    // Its ratchet turned by a key of ours, so it has read something that came with that key.
    if (step.state.ownKey !== session.state.ownKey) stage.markAnswered(session.id);
    const current = sessions[0] as SdkSession;
    const isAside = current.id !== session.id && !showsItIsCurrent(current, session, sentAt);
    const others = sessions.filter((one) => one.id !== session.id);
    if (current.id !== session.id && !isAside) stage.markLost(current.id);
    const inPlace = sessions.map((one) => (one.id === session.id ? next : one));
    this.save(stage, peer, isAside ? inPlace : [next, ...others]);
  }

  private save(stage: SdkStage, peer: string, sessions: readonly SdkSession[]): void {
    const old = this.clock.now() - FRESH_MS;
    const isFresh = (one: SdkSession) => Math.max(one.startedAt, one.heardAt ?? 0) > old;
    const kept = sessions.filter((one, index) => index < KEPT_SESSIONS || isFresh(one));
    stage.saveSessions(peer, kept.slice(0, MAX_SESSIONS));
  }
}

function openIn(
  stage: SdkStage,
  session: SdkSession,
  message: { header: Header; body: Uint8Array; ends: Ends },
): Decrypted {
  const { ratchetKey, messageNumber } = message.header;
  const kept = stage.skipped.find(session.id, ratchetKey, messageNumber);
  const step = decrypt(session.state, message, kept);
  if (step.usedSkipped) stage.skipped.use(session.id, ratchetKey, messageNumber);
  stage.skipped.keep(session.id, step.skipped);
  return step;
}

/**
 * Sessions that know the message's ratchet key, then others as they stand. A peer's key turns only by
 * ours, so a session in which nothing left with our present key has no key that is new to it: trying
 * those of a peer that began dozens would hold everything up for each message that nothing reads.
 */
function likeliestFirst(
  stage: SdkStage,
  sessions: readonly SdkSession[],
  { ratchetKey, messageNumber }: Header,
): SdkSession[] {
  const knows = ({ id, state }: SdkSession) =>
    (state.peerKey !== null && sameBytes(state.peerKey, ratchetKey)) ||
    state.formerPeerKeys.some((key) => sameBytes(key, ratchetKey)) ||
    stage.skipped.find(id, ratchetKey, messageNumber) !== null;
  const known = sessions.filter(knows);
  const others = sessions.filter((one) => !known.includes(one));
  // The first in any case: it says why the message cannot be read.
  return [...known, ...others.filter((one, index) => index === 0 || one.state.sent > 0)];
}

/** Our first message in this session may not have reached the peer when it wrote. */
function mayBeOnItsWay(session: SdkSession, sentAt: number): boolean {
  return session.own && session.heardAt === null && sentAt < session.startedAt + CROSSING_MS;
}

/** The peer wrote in a session that is not the one we write in: whether that is the one it has. */
function showsItIsCurrent(current: SdkSession, heard: SdkSession, sentAt: number): boolean {
  if (current.own && current.heardAt === null) return !mayBeOnItsWay(current, sentAt);
  // The first answer to a handshake of ours: that replaced whatever the peer had.
  return heard.own && heard.heardAt === null;
}

/** By the sender's clock, but not later than now. */
function claimedTime(timestamp: string | undefined, now: number): number {
  const time = Date.parse(timestamp ?? "");
  return Number.isNaN(time) ? now : Math.min(time, now);
}

function newId(): string {
  return randomBytes(12).toString("hex");
}
