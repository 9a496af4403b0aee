import {
  type Control,
  encodeControl,
  MAX_CONTROL_ENTRIES,
  REHANDSHAKE_BODY,
} from "../../shared/envelope/envelope.ts";
import type { Suite } from "../../shared/model/suite.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Clock } from "../platform/clock.ts";
import { noteActivity } from "../vault/activity-table.ts";
import {
  envelopesToRepair,
  expectResent,
  forgetControl,
  forgetResent,
  giveUpAsked,
  markAsked,
  markLost,
  peersToRepair,
  releaseMadeGood,
} from "../vault/envelope-table.ts";
import {
  forgetCiphertexts,
  hasRepairJob,
  holdJobs,
  insertControlJob,
  insertMailJob,
  isControlSent,
  JOB_LIFETIME_MS,
  jobOf,
  removeRepairJobs,
} from "../vault/job-table.ts";
import { type UnconfirmedRow, unconfirmed, unconfirmedIn } from "../vault/outgoing-table.ts";
import {
  markRepairAnswered,
  markRepairAsked,
  markRepaired,
  readPeer,
  writeSuite,
} from "../vault/peer-table.ts";
import { oweAllAgain } from "../vault/receipt-table.ts";
import {
  removeSdkSession,
  silentPeers,
  unheardSession,
  unprovenMail,
} from "../vault/sdk-mail-table.ts";
import type { Vault } from "../vault/vault.ts";

/** A peer is asked this often at most (rule D4), and less and less while it does not answer. */
const COOL_DOWN_MS = 5 * 60_000;
const LONGEST_COOL_DOWN_MS = 24 * 3600 * 1000;
/** A peer that asks more often than this is not served again, in ms. */
const ANSWER_EVERY_MS = 60_000;
/** How long sessions that change all the time are left alone, in ms. */
const CALM_MS = 30_000;
/** Messages sent again for one request besides those it names. */
const MAX_RESENT = 5000;
/** Receipts of this time are told again, in ms. */
const RECEIPTS_AGAIN_MS = 24 * 3600 * 1000;

/** A peer of the network's own cipher that was silent for this long may have missed our first message. */
const SILENT_MS = 10 * 60_000;
/** Re-key pings in a row to a peer that says nothing: each takes one of its one-time keys. */
const MAX_PINGS = 4;

interface RepairParts {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The outbox has work for this recipient. */
  readonly wake: (recipient: string) => void;
}

/**
 * Heals a session that does not decrypt (rule D4): we begin a new one and name in it, to the sender,
 * the envelopes we could not read; the sender sends everything we did not confirm once more, in that
 * new session. No person is needed, and nothing is asked more than once in five minutes.
 */
export class Repair {
  private readonly parts: RepairParts;
  private cancelTimer: (() => void) | null = null;
  private running: Promise<void> | null = null;
  private closed = false;

  constructor(parts: RepairParts) {
    this.parts = parts;
  }

  /** Asks whoever is to be asked now, and comes back by itself for the others. Never rejects. */
  look(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.running ??= this.askAll()
      .catch(() => undefined)
      .finally(() => {
        this.running = null;
      });
    return this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelTimer?.();
    await this.running;
  }

  private async askAll(): Promise<void> {
    const now = this.parts.clock.now();
    let wait = Number.POSITIVE_INFINITY;
    for (const peer of peersToRepair(this.parts.vault)) {
      const left = this.coolDownLeft(peer, now);
      if (left > 0) wait = Math.min(wait, left);
      else await this.ask(peer, now);
    }
    for (const peer of silentPeers(this.parts.vault, now - SILENT_MS)) {
      if (this.coolDownLeft(peer, now) === 0) await this.ping(peer, now);
    }
    this.cancelTimer?.();
    this.cancelTimer = null;
    if (wait < Number.POSITIVE_INFINITY) {
      this.cancelTimer = this.parts.timers.after(wait, () => void this.look());
    }
  }

  private coolDownLeft(peer: string, now: number): number {
    const { repairAskedAt, repairAsks } = readPeer(this.parts.vault, peer);
    if (repairAskedAt === null) return 0;
    const whole = Math.min(LONGEST_COOL_DOWN_MS, COOL_DOWN_MS * 2 ** Math.max(0, repairAsks - 1));
    const passed = now - repairAskedAt;
    // A clock that was set back must not stop the repair for longer than the cool-down.
    return passed < 0 ? 0 : Math.max(0, whole - passed);
  }

  private async ask(peer: string, now: number): Promise<void> {
    const { vault, wake } = this.parts;
    await vault.write(() => {
      const envelopes = envelopesToRepair(vault, peer, MAX_CONTROL_ENTRIES);
      if (envelopes.length === 0) return;
      markAsked(vault, peer);
      if (hasRepairJob(vault, peer)) return;
      markRepairAsked(vault, peer, now);
      noteActivity(vault, { at: now, kind: "repair_asked", peer });
      const control = encodeControl({ kind: "repair", envelopes });
      insertControlJob(vault, { recipient: peer, control, freshSession: true, at: now });
    });
    wake(peer);
  }

  /**
   * To a peer that knows no repair: a new session whose first message says nothing else. Whatever the
   * peer could not read stays lost; what follows is read again.
   */
  private async ping(peer: string, now: number): Promise<void> {
    const { vault, wake } = this.parts;
    if (readPeer(vault, peer).repairAsks >= MAX_PINGS) return;
    await vault.write(() => {
      if (hasRepairJob(vault, peer)) return;
      markRepairAsked(vault, peer, now);
      const control = REHANDSHAKE_BODY;
      insertControlJob(vault, { recipient: peer, control, freshSession: true, at: now });
    });
    wake(peer);
  }

  /**
   * Something of the peer was decrypted, inside the write that commits it. What we sent in sessions
   * that the peer turned out not to have goes out again. True when the outbox has new work.
   */
  heard(peer: string, suite: Suite, lostSessions: readonly string[]): boolean {
    const { vault } = this.parts;
    const known = readPeer(vault, peer);
    if (known.suite !== suite) writeSuite(vault, peer, suite);
    if (suite === "libsignal" || known.suite === "libsignal") return false;
    if (known.repairAsks > 0) markRepaired(vault, peer);
    giveUpAsked(vault, peer);
    if (lostSessions.length === 0) return false;
    removeRepairJobs(vault, peer);
    this.sendAgain(peer, lostSessions);
    this.calmDown(peer, known.repairAnsweredAt);
    return true;
  }

  /**
   * The network's own cipher carries its handshake in one message only. When that one will not
   * arrive, its session is given up, and what was sent in it goes out in another. Inside a write.
   */
  firstMessageGone(peer: string): void {
    const { vault } = this.parts;
    const session = unheardSession(vault, peer);
    if (session === null) return;
    removeSdkSession(vault, session);
    this.sendAgain(peer, [session]);
  }

  /**
   * A peer that begins anew again and again may each time have crossed what we sent in answer: we wait
   * until nothing of it can be on its way. Inside a write.
   */
  private calmDown(peer: string, lastAt: number | null): void {
    const { vault, clock } = this.parts;
    const now = clock.now();
    if (lastAt !== null && Math.abs(now - lastAt) < ANSWER_EVERY_MS) {
      holdJobs(vault, peer, now + CALM_MS);
    }
    markRepairAnswered(vault, peer, now);
  }

  private sendAgain(peer: string, sessions: readonly string[]): void {
    const { vault, clock } = this.parts;
    const at = clock.now();
    forgetCiphertexts(vault, peer);
    for (const message of sessions.flatMap((session) => unprovenMail(vault, session))) {
      if (!jobOf(vault, message)) insertMailJob(vault, { recipient: peer, message, at });
    }
  }

  /**
   * Answers a peer's request, inside the write that commits it. A request that names nothing we sent
   * to this peer does nothing. True when the outbox has new work.
   */
  answer(peer: string, envelopes: readonly string[]): boolean {
    const { vault, clock } = this.parts;
    const now = clock.now();
    const answered = readPeer(vault, peer).repairAnsweredAt;
    if (answered !== null && Math.abs(now - answered) < ANSWER_EVERY_MS) return false;
    const missing = this.missing(peer, envelopes, now);
    const sent = new Map(missing.map((one) => [one.envelope_id, one]));
    const others = envelopes.filter((id) => !sent.has(id));
    const control = others.filter((id) => isControlSent(vault, peer, id));
    if (others.length === envelopes.length && control.length === 0) return false;
    markRepairAnswered(vault, peer, now);
    noteActivity(vault, { at: now, kind: "repair_answered", peer });
    // What waits under the old session would be as unreadable as what was named.
    forgetCiphertexts(vault, peer);
    oweAllAgain(vault, peer, now - RECEIPTS_AGAIN_MS);
    const resent = missing.flatMap(({ id, envelope_id }) =>
      envelope_id === null ? [] : [{ id, envelope: envelope_id }],
    );
    const tell = (control: Control) =>
      insertControlJob(vault, {
        recipient: peer,
        control: encodeControl(control),
        freshSession: false,
        at: now,
      });
    const unknown = others.filter((id) => !control.includes(id));
    tell({ kind: "repaired", resent: resent.slice(0, MAX_CONTROL_ENTRIES), control, unknown });
    for (let i = MAX_CONTROL_ENTRIES; i < resent.length; i += MAX_CONTROL_ENTRIES) {
      const more = resent.slice(i, i + MAX_CONTROL_ENTRIES);
      tell({ kind: "repaired", resent: more, control: [], unknown: [] });
    }
    for (const { message } of missing) {
      if (!jobOf(vault, message)) insertMailJob(vault, { recipient: peer, message, at: now });
    }
    return true;
  }

  /**
   * What goes out again for a request, oldest first. What is named the peer is known not to have, so it
   * is answered for however old it is; the rest may only be unconfirmed, and has bounds.
   */
  private missing(peer: string, envelopes: readonly string[], now: number): UnconfirmedRow[] {
    const { vault } = this.parts;
    const named = unconfirmedIn(vault, peer, envelopes);
    const others = unconfirmed(vault, peer, now - JOB_LIFETIME_MS, MAX_RESENT);
    const all = new Map([...named, ...others].map((row) => [row.message, row]));
    return [...all.values()].sort((a, b) => a.message - b.message);
  }

  /** The peer's answer to our request, inside the write that commits it. */
  answered(peer: string, control: Extract<Control, { kind: "repaired" }>): void {
    const { vault, clock } = this.parts;
    // Only who was asked may announce: else a peer could fill the vault with announcements.
    const asked = readPeer(vault, peer).repairAskedAt;
    if (asked === null || Math.abs(clock.now() - asked) > LONGEST_COOL_DOWN_MS) return;
    markRepaired(vault, peer);
    const at = clock.now();
    forgetResent(vault, at);
    for (const { id, envelope } of control.resent) {
      expectResent(vault, { sender: peer, messageId: id, envelopeId: envelope, at });
    }
    for (const envelope of control.control) forgetControl(vault, peer, envelope);
    for (const envelope of control.unknown) markLost(vault, peer, envelope);
    // What came again before it was announced.
    releaseMadeGood(vault, peer);
  }
}
