import { EventEmitter } from "node:events";
import { checkTextSize } from "../../shared/envelope/envelope.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { compareLabels, isLabel } from "../../shared/labels/labels.ts";
import { requireCryptoId } from "../../shared/model/address.ts";
import type { AgentSummary, RelaySummary } from "../../shared/model/snapshot.ts";
import type { AgentRef, CallParams } from "../../shared/protocol/protocol.ts";
import type { Clock } from "../platform/clock.ts";
import type { Timers } from "../platform/timers.ts";
import { identityKeyOf } from "../ratchet/identity.ts";
import { makePrekeys, PREKEYS_FULL, PREKEYS_LOW } from "../ratchet/prekeys.ts";
import { Ratchet } from "../ratchet/ratchet.ts";
import type { RelayTransport } from "../relay/transport.ts";
import { holdCount } from "../vault/hold-table.ts";
import { insertMessage, sentMessage, unreadCounts } from "../vault/mail-table.ts";
import { insertJob, outboxState, waitingCount } from "../vault/outbox-table.ts";
import { quarantineCount } from "../vault/receipt-table.ts";
import type { Vault } from "../vault/vault.ts";
import type { Identity } from "./identity.ts";
import { Inbound } from "./inbound.ts";
import { badLabel } from "./label-choice.ts";
import { Mailroom, type Placed } from "./mailroom.ts";
import { Outbox } from "./outbox.ts";
import { PeerQueue } from "./peer-queue.ts";
import type { Session } from "./session-registry.ts";
import { SessionRegistry } from "./session-registry.ts";

/** The doorbell is a hint; this poll is the guarantee. In ms. */
const POLL_MS = 30_000;
const CONTACT_LOOK_MS = 250;

export interface AgentParts {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly keyStore: "keychain" | "file";
  readonly relay: RelayTransport;
  readonly clock: Clock;
  readonly timers: Timers;
}

export interface AgentEvents {
  /** Something a snapshot shows may have changed. */
  changed: [];
  /** The relay answers (again). */
  online: [];
  /** Mail of these labels changed; `holds` too when true. */
  mail: [labels: readonly string[], holds: boolean];
}

export type SentState = "queued" | "relayed" | "held" | "inbox" | "failed";

export interface Sent {
  readonly id: string;
  readonly to: string;
  readonly via: "local" | "relay";
  readonly fromSession: string | null;
  readonly toSession: string | null;
  readonly state: SentState;
}

/** The daemon of one agent: its vault, ratchet, relay connection, sessions, routing and outbox. */
export class Agent extends EventEmitter<AgentEvents> {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly relay: RelayTransport;
  readonly sessions: SessionRegistry;
  readonly mailroom: Mailroom;
  private readonly parts: AgentParts;
  private readonly outbox: Outbox;
  private readonly inbound: Inbound;
  private readonly queue = new PeerQueue();
  private relayState: Omit<RelaySummary, "url"> = { state: "connecting", problem: null };
  private contactRequests: { agentId: string }[] = [];
  private cancelPoll: (() => void) | null = null;
  private cancelContactLook: (() => void) | null = null;
  private outgoingRequests = 0;
  private publishing: Promise<void> | null = null;
  private closed = false;

  constructor(parts: AgentParts) {
    super();
    this.parts = parts;
    const { identity, vault, relay, clock, timers } = parts;
    this.identity = identity;
    this.vault = vault;
    this.relay = relay;
    const ratchet = new Ratchet(identity);
    this.sessions = new SessionRegistry(vault);
    this.mailroom = new Mailroom(vault, this.sessions, clock);
    const shared = { vault, ratchet, relay, queue: this.queue, clock };
    this.outbox = new Outbox({
      ...shared,
      identity,
      timers,
      changed: (jobs) => {
        const labels = jobs.flatMap((job) => (job.from_session === null ? [] : [job.from_session]));
        this.emit("mail", [...new Set(labels)], false);
        this.emit("changed");
      },
    });
    this.inbound = new Inbound({
      ...shared,
      mailroom: this.mailroom,
      received: ({ quarantined, prekeysUsed }) => {
        if (prekeysUsed) void this.publishKeys();
        if (quarantined > 0) this.emit("changed");
      },
    });
    this.mailroom.on("delivered", (labels) => this.mailChanged(labels, false));
    this.mailroom.on("holds", () => this.mailChanged([], true));
  }

  /** Connects to the relay; everything from then on happens by itself. */
  start(): void {
    this.relay.open({
      doorbell: () => this.rung(),
      state: (state, problem) => {
        this.relayState = { state, problem };
        this.emit("changed");
        if (state === "online") void this.relayOnline();
      },
    });
    this.poll();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cancelPoll?.();
    this.cancelContactLook?.();
    await this.relay.close();
    await Promise.allSettled([this.outbox.close(), this.inbound.close(), this.publishing]);
    await this.queue.idle();
    this.vault.close();
  }

  ref(): AgentRef {
    const { name, cryptoId, address } = this.identity;
    return { name, address: cryptoId, publicKey: address };
  }

  summary(): AgentSummary {
    const unread = unreadCounts(this.vault);
    const sessions = this.sessions.summaries(unread);
    const absent = [...unread]
      .filter(([label]) => !this.sessions.get(label))
      .sort(([a], [b]) => compareLabels(a, b))
      .map(([label, count]) => ({ label, unread: count }));
    return {
      cryptoId: this.identity.cryptoId,
      name: this.identity.name,
      publicKey: this.identity.address,
      sessions,
      absent,
      unread: [...unread.values()].reduce((sum, count) => sum + count, 0),
      holds: holdCount(this.vault),
      queued: waitingCount(this.vault),
      undecryptable: quarantineCount(this.vault),
      contactRequests: this.contactRequests,
      relay: { url: this.relay.url, ...this.relayState },
      keyStore: this.parts.keyStore,
    };
  }

  /** A session came or changed its label: remember it, and look at the holds again. */
  async sessionChanged(session: Session): Promise<void> {
    const now = this.parts.clock.now();
    await this.vault.write(() => this.sessions.remember(session, now));
    await this.mailroom.placeHolds();
    this.emit("changed");
  }

  sessionEnded(): void {
    this.emit("changed");
  }

  /**
   * Commits a message and its job before it answers (rule D3); mail to this agent itself is routed in
   * the same transaction (rule R7). Repeating a call with the same id sends nothing again.
   */
  async send(params: CallParams<"send">, from: Session): Promise<Sent> {
    checkTextSize(params.body);
    if (params.toSession !== null && !isLabel(params.toSession)) throw badLabel(params.toSession);
    const to = requireCryptoId(params.to);
    identityKeyOf(to);
    const local = to === this.identity.cryptoId;
    const at = this.parts.clock.now();
    const message = {
      id: params.id,
      direction: local ? ("local" as const) : ("out" as const),
      peer: to,
      fromSession: from.label,
      toSession: params.toSession,
      inReplyTo: params.inReplyTo,
      role: params.role,
      text: params.body,
      auto: params.auto,
      sentAt: new Date(at).toISOString(),
      at,
      asker: from.harnessSessionId,
    };
    const placed = await this.vault.write((): Placed | null => {
      if (local) return this.mailroom.accept(message);
      const seq = insertMessage(this.vault, message);
      if (seq !== null) insertJob(this.vault, seq, to, at);
      return null;
    });
    if (placed) this.mailroom.announce([placed]);
    if (!local) this.outbox.wake(to);
    this.emit("mail", [from.label], false);
    this.emit("changed");
    return this.sent(params.id, to);
  }

  /** What is known of a message of ours; throws `bad_request` when there is none with this id. */
  sent(id: string, to?: string): Sent {
    const row = sentMessage(this.vault, id);
    if (!row || (to !== undefined && row.peer !== to)) {
      throw new TinyplaceError(
        "bad_request",
        `No message ${id.slice(0, 64)} was sent from this agent${to ? " to this address" : ""}.`,
        "Use the id that `send` returned in this agent's sessions.",
      );
    }
    return {
      id: row.id,
      to: row.peer,
      via: row.direction === "local" ? "local" : "relay",
      fromSession: row.from_session,
      toSession: row.to_session,
      state: this.sentState(row),
    };
  }

  async acceptContact(requester: string): Promise<void> {
    await this.relay.acceptContact(requester);
    await this.lookAtContacts();
    await this.outbox.hurry();
  }

  /** Contact requests that wait for a person or a session (rule C1). */
  requests(): readonly { agentId: string }[] {
    return this.contactRequests;
  }

  private sentState(row: { seq: number; direction: string }): SentState {
    if (row.direction === "local") {
      const held = this.vault.sql("SELECT 1 AS yes FROM hold WHERE message = ?").get([row.seq]);
      return held ? "held" : "inbox";
    }
    const state = outboxState(this.vault, row.seq)?.state;
    return state === "relayed" || state === "failed" ? state : "queued";
  }

  private mailChanged(labels: readonly string[], holds: boolean): void {
    this.emit("mail", labels, holds);
    this.emit("changed");
  }

  private async relayOnline(): Promise<void> {
    this.emit("online");
    await this.publishKeys();
    await Promise.allSettled([this.inbound.look(), this.lookAtContacts(), this.outbox.hurry()]);
  }

  /** A doorbell rings for mail and for contacts alike; contacts can wait a moment and be asked once. */
  private rung(): void {
    void this.inbound.look();
    this.cancelContactLook ??= this.parts.timers.after(CONTACT_LOOK_MS, () => {
      this.cancelContactLook = null;
      void this.lookAtContacts();
    });
  }

  private poll(): void {
    if (this.closed) return;
    this.cancelPoll = this.parts.timers.after(POLL_MS, () => {
      void Promise.allSettled([this.inbound.look(), this.lookAtContacts()]).then(() => this.poll());
    });
  }

  /** Tops up what the relay can hand out for us (rule E2); failures wait for the next occasion. */
  private publishKeys(): Promise<void> {
    this.publishing ??= this.topUp()
      .catch(() => undefined)
      .finally(() => {
        this.publishing = null;
      });
    return this.publishing;
  }

  private async topUp(): Promise<void> {
    const health = await this.relay.bundleHealth();
    const preKeys = health?.preKeyCount ?? 0;
    const kyberPreKeys = health?.kyberPreKeyCount ?? 0;
    if (health && preKeys >= PREKEYS_LOW && kyberPreKeys >= PREKEYS_LOW) return;
    const counts = {
      preKeys: Math.max(0, PREKEYS_FULL - preKeys),
      kyberPreKeys: Math.max(0, PREKEYS_FULL - kyberPreKeys),
    };
    const now = this.parts.clock.now();
    const upload = await makePrekeys(this.vault, this.identity, counts, now);
    await this.relay.publishBundle(upload);
  }

  private async lookAtContacts(): Promise<void> {
    try {
      const { incoming, outgoing } = await this.relay.contactRequests();
      if (this.closed) return;
      const before = JSON.stringify(this.contactRequests);
      this.contactRequests = incoming.map(({ agentId }) => ({ agentId }));
      if (JSON.stringify(this.contactRequests) !== before) this.emit("changed");
      // A request of ours was answered: mail that waited for it need not wait for its back-off.
      if (outgoing.length < this.outgoingRequests) await this.outbox.hurry();
      this.outgoingRequests = outgoing.length;
    } catch {
      // Shown as the relay's state; the list stays what it was.
    }
  }
}
