import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type Control,
  type DecodedBody,
  decodeBody,
  readControl,
} from "../../shared/envelope/envelope.ts";
import { cryptoIdOf, publicKeyOf } from "../../shared/model/address.ts";
import type { Suite } from "../../shared/model/suite.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Clock } from "../platform/clock.ts";
import { failpoint } from "../platform/failpoints.ts";
import { RatchetUnit } from "../ratchet/unit-of-work.ts";
import type { MailPage, Malformed, RelayEnvelope, RelayTransport } from "../relay/transport.ts";
import {
  isBodySeen,
  isEnvelopeSeen,
  isResent,
  quarantine,
  releaseMadeGood,
  rememberEnvelope,
} from "../vault/envelope-table.ts";
import type { NewMessage } from "../vault/mail-table.ts";
import { oweAgain } from "../vault/receipt-table.ts";
import { messageOfEnvelope } from "../vault/sdk-mail-table.ts";
import type { Vault } from "../vault/vault.ts";
import { retryDelay } from "./backoff.ts";
import type { Ciphers } from "./ciphers.ts";
import type { Mailroom, Placed } from "./mailroom.ts";
import type { PeerQueue } from "./peer-queue.ts";

/** Envelopes fetched, decrypted and committed together. */
const BATCH = 100;

/** What a batch did besides delivering mail. */
export interface Received {
  readonly quarantined: boolean;
  readonly prekeysUsed: boolean;
  /** Receipts are owed. */
  readonly owed: boolean;
  /** Peers for whom the outbox has new work. */
  readonly wake: readonly string[];
}

/** What the peers' control messages do, inside the write that commits them. */
interface ControlHandler {
  /** True when the outbox has new work for the peer. */
  control(peer: string, control: Control, firstMessage: boolean): boolean;
  /** Something of the peer was decrypted. True as above. */
  heard(peer: string, suite: Suite, lostSessions: readonly string[]): boolean;
}

interface InboundParts {
  readonly vault: Vault;
  readonly ciphers: Ciphers;
  readonly relay: RelayTransport;
  readonly queue: PeerQueue;
  readonly mailroom: Mailroom;
  readonly control: ControlHandler;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly received: (what: Received) => void;
  readonly failed: (error: unknown) => void;
}

type Opened =
  | { readonly kind: "message"; readonly message: NewMessage }
  | { readonly kind: "control"; readonly control: Control; readonly firstMessage: boolean }
  | { readonly kind: "consumed" }
  | { readonly kind: "bad"; readonly reason: string; readonly repairable: boolean };

interface OpenedEnvelope {
  readonly envelope: RelayEnvelope;
  readonly bodyHash: Uint8Array;
  readonly result: Opened;
  /** The cipher in which it was decrypted; null when it was not. */
  readonly heard: Suite | null;
}

/**
 * Drains the mailbox (rule D1): decrypt in memory, commit ratchet steps, messages and deliveries in
 * one transaction, and only then tell the relay. A crash before that makes the relay deliver again;
 * what is known already is acknowledged without being decrypted (rule D2).
 */
export class Inbound {
  private readonly parts: InboundParts;
  /** What could not be read when it was first fetched: envelope id to the hash of what came. */
  private readonly doubtful = new Map<string, string>();
  private running: Promise<void> | null = null;
  private cancelRetry: (() => void) | null = null;
  private failures = 0;
  private again = false;
  private closed = false;

  constructor(parts: InboundParts) {
    this.parts = parts;
  }

  /**
   * Drains now; a call while it runs makes it look once more afterwards. Never rejects.
   * @param page what a look would find now: it is not asked for, unless others are under way
   */
  look(page?: MailPage): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.again = true;
    this.running ??= this.drain(page).finally(() => {
      this.running = null;
      // Called after it had ended, and before that was noted.
      if (this.again) void this.look();
    });
    return this.running;
  }

  /** Resolves when no drain is under way. */
  async settled(): Promise<void> {
    await this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelRetry?.();
    await this.running;
  }

  private async drain(first?: MailPage): Promise<void> {
    this.cancelRetry?.();
    this.cancelRetry = null;
    let page = first;
    try {
      while (this.again && !this.closed) {
        this.again = false;
        await this.drainPage(page ?? (await this.parts.relay.list(BATCH)));
        page = undefined;
        this.failures = 0;
      }
    } catch (error) {
      this.again = false;
      this.parts.failed(error);
      // Unreachable relay or refused write: nothing was acknowledged that was not committed, so the
      // same mail is found again.
      const wait = retryDelay(this.failures++, Math.random());
      if (!this.closed) this.cancelRetry = this.parts.timers.after(wait, () => void this.look());
    }
  }

  private async drainPage({ envelopes, malformed, more }: MailPage): Promise<void> {
    if (envelopes.length + malformed.length === 0) return;
    const done = [...(await this.receive(envelopes)), ...(await this.keepMalformed(malformed))];
    if (done.length > 0) {
      // What waited for this mail is answered first: the relay can wait.
      await nextTurn();
      await this.parts.relay.acknowledge(done);
    }
    for (const id of done) this.doubtful.delete(id);
    // What could not be read once is fetched again. Mail that came meanwhile has rung.
    if (more || this.doubtful.size > 0) this.again = true;
  }

  /** Commits a page, sender by sender, each in its own order. The ids of what is done with. */
  private async receive(page: readonly RelayEnvelope[]): Promise<string[]> {
    const bySender = new Map<string, RelayEnvelope[]>();
    for (const envelope of page) {
      const list = bySender.get(envelope.from);
      if (list) list.push(envelope);
      else bySender.set(envelope.from, [envelope]);
    }
    const done = await Promise.all(
      [...bySender].map(([from, envelopes]) => {
        const key = publicKeyOf(from);
        const sender = key ? cryptoIdOf(key) : from.slice(0, 64);
        return this.parts.queue.run(sender, () => this.receiveFrom(sender, envelopes));
      }),
    );
    return done.flat();
  }

  private async receiveFrom(
    sender: string,
    envelopes: readonly RelayEnvelope[],
  ): Promise<string[]> {
    const { vault } = this.parts;
    const unit = new RatchetUnit(vault);
    const opened: OpenedEnvelope[] = [];
    const done: string[] = [];
    const fresh = new Set(envelopes.filter((one) => !isEnvelopeSeen(vault, sender, one.id)));
    const ahead = await this.openAhead(unit, sender, [...fresh]);
    for (const envelope of envelopes) {
      if (fresh.has(envelope)) {
        const known = ahead.get(envelope);
        const one = known ?? (await this.open(unit, sender, envelope));
        // What was damaged on its way here is whole in the mailbox: fetch it once more before it is
        // given up, and nothing of this sender before that, to keep the order. What was decrypted in a
        // batch is whole, whatever it says, and the steps of those after it are in the unit already.
        if (!known && one.result.kind === "bad" && this.isFirstDoubt(envelope.id, one.bodyHash))
          break;
        opened.push(one);
      }
      done.push(envelope.id);
    }
    if (opened.length > 0) await this.commit(sender, unit, opened);
    return done;
  }

  private async commit(
    sender: string,
    unit: RatchetUnit,
    opened: readonly OpenedEnvelope[],
  ): Promise<void> {
    const { vault, clock, mailroom, control } = this.parts;
    const at = clock.now();
    let wake = false;
    const placed = await vault.write(() => {
      unit.commit(at);
      const placements: Placed[] = [];
      let madeGood = false;
      for (const suite of new Set(opened.map((one) => one.heard))) {
        if (suite) wake = control.heard(sender, suite, unit.sdk.lostSessions) || wake;
      }
      for (const { envelope, bodyHash, result } of opened) {
        rememberEnvelope(vault, { sender, id: envelope.id, bodyHash, at });
        if (result.kind === "message") {
          const late = isResent(vault, sender, result.message.id);
          madeGood ||= late;
          const one = mailroom.accept({ ...result.message, late });
          if (one) placements.push(one);
          else oweAgain(vault, sender, result.message.id);
        } else if (result.kind === "control") {
          wake = control.control(sender, result.control, result.firstMessage) || wake;
        } else if (result.kind === "bad") {
          const { reason, repairable } = result;
          const kept = JSON.stringify(envelope);
          quarantine(vault, {
            sender,
            envelopeId: envelope.id,
            reason,
            envelope: kept,
            at,
            repairable,
          });
          // Its message may have come again before it did.
          madeGood = true;
        }
      }
      if (madeGood) releaseMadeGood(vault, sender);
      failpoint("receive.before-commit");
      return placements;
    });
    failpoint("receive.after-commit");
    mailroom.announce(placed);
    this.parts.received({
      quarantined: opened.some((one) => one.result.kind === "bad"),
      prekeysUsed: unit.tookPrekey,
      owed: opened.some((one) => one.result.kind === "message"),
      wake: wake ? [sender] : [],
    });
  }

  /** Decrypts the first of these into the unit, where that is worth it, as far as nothing fails. */
  private async openAhead(
    unit: RatchetUnit,
    sender: string,
    envelopes: readonly RelayEnvelope[],
  ): Promise<ReadonlyMap<RelayEnvelope, OpenedEnvelope>> {
    const suite = envelopes[0]?.suite;
    const end = envelopes.findIndex((one) => one.suite !== suite);
    const first = end < 0 ? envelopes : envelopes.slice(0, end);
    const cipher = this.parts.ciphers.of(suite);
    const plaintexts = await cipher.decryptAhead(unit, sender, first);
    return new Map(
      first.slice(0, plaintexts.length).map((envelope, index) => {
        const result = this.readSafely(sender, envelope, plaintexts[index] as Uint8Array);
        return [envelope, { envelope, bodyHash: hashOf(envelope), result, heard: cipher.suite }];
      }),
    );
  }

  /** Decrypts one envelope into the unit; a failure leaves the unit as it was. */
  private async open(
    unit: RatchetUnit,
    sender: string,
    envelope: RelayEnvelope,
  ): Promise<OpenedEnvelope> {
    const bodyHash = hashOf(envelope);
    const cipher = this.parts.ciphers.of(envelope.suite);
    const step = unit.child();
    try {
      const plaintext = await cipher.decrypt(step, sender, envelope);
      unit.merge(step);
      const result = this.read(sender, envelope, decodeBody(plaintext));
      return { envelope, bodyHash, result, heard: cipher.suite };
    } catch (error) {
      if (cipher.isRepeated(error) && isBodySeen(this.parts.vault, sender, bodyHash)) {
        return { envelope, bodyHash, result: { kind: "consumed" }, heard: null };
      }
      const reason = error instanceof Error ? error.message : "not decryptable";
      return { envelope, bodyHash, result: { kind: "bad", reason, repairable: true }, heard: null };
    }
  }

  /** What cannot be read is kept and shown, and holds nothing else of its page up. */
  private readSafely(sender: string, envelope: RelayEnvelope, plaintext: Uint8Array): Opened {
    try {
      return this.read(sender, envelope, decodeBody(plaintext));
    } catch (error) {
      const reason = error instanceof Error ? error.message : "not readable";
      return { kind: "bad", reason, repairable: true };
    }
  }

  private read(sender: string, envelope: RelayEnvelope, body: DecodedBody): Opened {
    if (body.kind === "unreadable") return { kind: "bad", reason: body.reason, repairable: false };
    if (body.kind === "rehandshake") return { kind: "consumed" };
    const suite = envelope.suite ?? "sdk";
    // What changes the state of mail is believed in libsignal's sessions only.
    if (body.kind === "control" && suite === "sdk") return { kind: "consumed" };
    if (body.kind === "control") {
      const control = readControl(body.control);
      const firstMessage = envelope.type === "PREKEY_BUNDLE";
      // A kind of a later version: our bundle does not say that we understand it.
      return control ? { kind: "control", control, firstMessage } : { kind: "consumed" };
    }
    return {
      kind: "message",
      message: {
        // A message without an id of its own is correlated by nothing; the envelope's names it.
        id: body.id ?? envelope.id,
        direction: "in",
        peer: sender,
        fromSession: body.fromSession,
        toSession: body.toSession,
        inReplyTo: this.questionOf(sender, body.inReplyTo),
        role: body.role,
        text: body.text,
        auto: body.auto,
        sentAt: body.timestamp,
        at: this.parts.clock.now(),
        asker: null,
        late: false,
        suite,
      },
    };
  }

  /** Some peers know our message by the id of its envelope only, and name that one in their answer. */
  private questionOf(sender: string, inReplyTo: string | null): string | null {
    if (inReplyTo === null) return null;
    return messageOfEnvelope(this.parts.vault, sender, inReplyTo) ?? inReplyTo;
  }

  /** True until the very same bytes came twice. */
  private isFirstDoubt(envelopeId: string, hash: Uint8Array): boolean {
    const text = Buffer.from(hash).toString("hex");
    if (this.doubtful.get(envelopeId) === text) return false;
    if (this.doubtful.size >= 10_000) this.doubtful.clear();
    this.doubtful.set(envelopeId, text);
    return true;
  }

  /** What is no envelope at all is kept and shown too (rule D4), and must not fill the mailbox. */
  private async keepMalformed(malformed: readonly Malformed[]): Promise<string[]> {
    const { vault, clock } = this.parts;
    const sure = malformed.filter(({ id, json }) => {
      const hash = createHash("sha256").update(json).digest();
      return !this.isFirstDoubt(id, hash);
    });
    if (sure.length === 0) return [];
    await vault.write(() => {
      for (const { id, from, json } of sure) {
        quarantine(vault, {
          sender: from,
          envelopeId: id,
          reason: "it is not an envelope of the network",
          envelope: json,
          at: clock.now(),
          repairable: false,
        });
      }
    });
    this.parts.received({ quarantined: true, prekeysUsed: false, owed: false, wake: [] });
    return sure.map((one) => one.id);
  }
}

function hashOf(envelope: RelayEnvelope): Uint8Array {
  return createHash("sha256").update(envelope.body).digest().subarray(0, 16);
}
