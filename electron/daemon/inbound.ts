import { type DecodedBody, decodeBody } from "../../shared/envelope/envelope.ts";
import { cryptoIdOf, publicKeyOf } from "../../shared/model/address.ts";
import type { Clock } from "../platform/clock.ts";
import type { Ratchet } from "../ratchet/ratchet.ts";
import { RatchetUnit } from "../ratchet/unit-of-work.ts";
import type { RelayEnvelope, RelayTransport } from "../relay/transport.ts";
import type { NewMessage } from "../vault/mail-table.ts";
import { isEnvelopeSeen, quarantine, rememberEnvelope } from "../vault/receipt-table.ts";
import type { Vault } from "../vault/vault.ts";
import type { Mailroom, Placed } from "./mailroom.ts";
import type { PeerQueue } from "./peer-queue.ts";

/** Envelopes fetched, decrypted and committed together. */
const BATCH = 100;

interface InboundParts {
  readonly vault: Vault;
  readonly ratchet: Ratchet;
  readonly relay: RelayTransport;
  readonly queue: PeerQueue;
  readonly mailroom: Mailroom;
  readonly clock: Clock;
  /** After each batch: how many could not be decrypted, and whether a prekey was used up. */
  readonly received: (batch: { quarantined: number; prekeysUsed: boolean }) => void;
}

type Opened =
  | { kind: "message"; message: NewMessage }
  | { kind: "consumed" }
  | { kind: "bad"; reason: string };

/**
 * Drains the mailbox (rule D1): decrypt in memory, commit ratchet steps, messages and deliveries in
 * one transaction, and only then tell the relay. A crash before that makes the relay deliver again;
 * what is known already is acknowledged without being decrypted (rule D2).
 */
export class Inbound {
  private readonly parts: InboundParts;
  private running: Promise<void> | null = null;
  private again = false;
  private closed = false;

  constructor(parts: InboundParts) {
    this.parts = parts;
  }

  /** Drains now; a call while it runs makes it look once more afterwards. Never rejects. */
  look(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.again = true;
    this.running ??= this.drain().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async drain(): Promise<void> {
    while (this.again && !this.closed) {
      this.again = false;
      try {
        const batch = await this.parts.relay.list(BATCH);
        if (batch.length === 0) continue;
        await this.receive(batch);
        await this.parts.relay.acknowledge(batch.map((envelope) => envelope.id));
        // The relay had a full page, or mail may have come while this one was worked on.
        this.again = true;
      } catch {
        // Unreachable relay or refused write: nothing was acknowledged, so the next doorbell, poll
        // or reconnect finds the same mail again.
        return;
      }
    }
  }

  /** Commits a batch, sender by sender, each in its own order. */
  private async receive(batch: readonly RelayEnvelope[]): Promise<void> {
    const bySender = new Map<string, RelayEnvelope[]>();
    for (const envelope of batch) {
      const list = bySender.get(envelope.from);
      if (list) list.push(envelope);
      else bySender.set(envelope.from, [envelope]);
    }
    await Promise.all(
      [...bySender].map(([from, envelopes]) => {
        const key = publicKeyOf(from);
        const sender = key ? cryptoIdOf(key) : from.slice(0, 64);
        return this.parts.queue.run(sender, () => this.receiveFrom(sender, envelopes));
      }),
    );
  }

  private async receiveFrom(sender: string, envelopes: readonly RelayEnvelope[]): Promise<void> {
    const { vault, clock, mailroom } = this.parts;
    const unit = new RatchetUnit(vault);
    const opened: { envelope: RelayEnvelope; result: Opened }[] = [];
    for (const envelope of envelopes) {
      if (isEnvelopeSeen(vault, sender, envelope.id)) continue;
      opened.push({ envelope, result: await this.open(unit, sender, envelope) });
    }
    if (opened.length === 0) return;
    const at = clock.now();
    const placed = await vault.write(() => {
      unit.commit(at);
      const placements: Placed[] = [];
      for (const { envelope, result } of opened) {
        rememberEnvelope(vault, sender, envelope.id, at);
        if (result.kind === "message") {
          const one = mailroom.accept(result.message);
          if (one) placements.push(one);
        } else if (result.kind === "bad") {
          const kept = JSON.stringify(envelope);
          quarantine(vault, {
            sender,
            envelopeId: envelope.id,
            reason: result.reason,
            envelope: kept,
            at,
          });
        }
      }
      return placements;
    });
    mailroom.announce(placed);
    this.parts.received({
      quarantined: opened.filter((one) => one.result.kind === "bad").length,
      prekeysUsed: unit.tookPrekey,
    });
  }

  /** Decrypts one envelope into the unit; a failure leaves the unit as it was. */
  private async open(unit: RatchetUnit, sender: string, envelope: RelayEnvelope): Promise<Opened> {
    if (envelope.suite !== "libsignal") {
      return { kind: "bad", reason: "its cipher is not supported by this version" };
    }
    const step = unit.child();
    try {
      const plaintext = await this.parts.ratchet.decrypt(step, sender, envelope);
      unit.merge(step);
      return this.read(sender, envelope, decodeBody(plaintext));
    } catch (error) {
      return { kind: "bad", reason: error instanceof Error ? error.message : "not decryptable" };
    }
  }

  private read(sender: string, envelope: RelayEnvelope, body: DecodedBody): Opened {
    if (body.kind === "unreadable") return { kind: "bad", reason: body.reason };
    // Control messages and re-key pings are the daemons' own talk, never shown as mail.
    if (body.kind !== "message") return { kind: "consumed" };
    return {
      kind: "message",
      message: {
        // A message without an id of its own is correlated by nothing; the envelope's names it.
        id: body.id ?? envelope.id,
        direction: "in",
        peer: sender,
        fromSession: body.fromSession,
        toSession: body.toSession,
        inReplyTo: body.inReplyTo,
        role: body.role,
        text: body.text,
        auto: body.auto,
        sentAt: body.timestamp,
        at: this.parts.clock.now(),
        asker: null,
      },
    };
  }
}
