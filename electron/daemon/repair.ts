import {
  type Control,
  encodeControl,
  MAX_CONTROL_ENTRIES,
} from "../../shared/envelope/envelope.ts";
import type { Clock } from "../platform/clock.ts";
import type { Timers } from "../platform/timers.ts";
import {
  envelopesToRepair,
  expectResent,
  forgetControl,
  markAsked,
  markLost,
  peersToRepair,
  releaseMadeGood,
} from "../vault/envelope-table.ts";
import {
  forgetCiphertexts,
  hasRepairJob,
  insertControlJob,
  insertMailJob,
  isControlSent,
  JOB_LIFETIME_MS,
  jobOf,
} from "../vault/job-table.ts";
import { unconfirmed } from "../vault/outgoing-table.ts";
import {
  markRepairAnswered,
  markRepairAsked,
  markRepaired,
  readPeer,
} from "../vault/peer-table.ts";
import { oweAllAgain } from "../vault/receipt-table.ts";
import type { Vault } from "../vault/vault.ts";

/** A peer is asked this often at most (rule D4), and less and less while it does not answer. */
const COOL_DOWN_MS = 5 * 60_000;
const LONGEST_COOL_DOWN_MS = 24 * 3600 * 1000;
/** A peer that asks more often than this is not served again, in ms. */
const ANSWER_EVERY_MS = 60_000;
/** Messages sent again for one request. */
const MAX_RESENT = 5000;
/** Receipts of this time are told again, in ms. */
const RECEIPTS_AGAIN_MS = 24 * 3600 * 1000;

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
      const control = encodeControl({ kind: "repair", envelopes });
      insertControlJob(vault, { recipient: peer, control, freshSession: true, at: now });
    });
    wake(peer);
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
    const missing = unconfirmed(vault, peer, now - JOB_LIFETIME_MS, MAX_RESENT);
    const sent = new Map(missing.map((one) => [one.envelope_id, one]));
    const others = envelopes.filter((id) => !sent.has(id));
    const control = others.filter((id) => isControlSent(vault, peer, id));
    if (others.length === envelopes.length && control.length === 0) return false;
    markRepairAnswered(vault, peer, now);
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

  /** The peer's answer to our request, inside the write that commits it. */
  answered(peer: string, control: Extract<Control, { kind: "repaired" }>): void {
    const { vault, clock } = this.parts;
    // Only who was asked may announce: else a peer could fill the vault with announcements.
    const asked = readPeer(vault, peer).repairAskedAt;
    if (asked === null || Math.abs(clock.now() - asked) > LONGEST_COOL_DOWN_MS) return;
    markRepaired(vault, peer);
    const at = clock.now();
    for (const { id, envelope } of control.resent) {
      expectResent(vault, { sender: peer, messageId: id, envelopeId: envelope, at });
    }
    for (const envelope of control.control) forgetControl(vault, peer, envelope);
    for (const envelope of control.unknown) markLost(vault, peer, envelope);
    // What came again before it was announced.
    releaseMadeGood(vault, peer);
  }
}
