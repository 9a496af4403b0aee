import { EventEmitter } from "node:events";
import { type Control, checkTextSize, type Receipt } from "../../shared/envelope/envelope.ts";
import { errorView, TinyplaceError, unreachable } from "../../shared/errors/errors.ts";
import { compareLabels, isLabel } from "../../shared/labels/labels.ts";
import { currentRung } from "../../shared/model/ladder.ts";
import type { SentMessage } from "../../shared/model/sent.ts";
import type { AgentSummary, RelaySummary } from "../../shared/model/snapshot.ts";
import type { AgentRef, CallParams } from "../../shared/protocol/protocol.ts";
import type { Clock } from "../platform/clock.ts";
import { failpoint } from "../platform/failpoints.ts";
import type { Timers } from "../platform/timers.ts";
import { identityKeyOf } from "../ratchet/identity.ts";
import { Ratchet } from "../ratchet/ratchet.ts";
import { SdkCipher } from "../ratchet/sdk-cipher.ts";
import { RatchetUnit } from "../ratchet/unit-of-work.ts";
import { RelaySwitch } from "../relay/client/relay-switch.ts";
import type { Lease, MailPage, RelayTransport } from "../relay/transport.ts";
import type { RungFor } from "../relay/wire.ts";
import { noteActivity } from "../vault/activity-table.ts";
import { draftCount } from "../vault/draft-table.ts";
import { quarantineCount } from "../vault/envelope-table.ts";
import { holdCount } from "../vault/hold-table.ts";
import { incidents } from "../vault/incident-table.ts";
import {
  forgetCiphertexts,
  insertMailJob,
  jobOf,
  removeJob,
  waitingCount,
} from "../vault/job-table.ts";
import type { KeyStore } from "../vault/key-slots.ts";
import {
  insertMessage,
  type MessageRow,
  type ReceiptedRow,
  renameAsker,
  sentMessage,
  sentTo,
  unreadCounts,
} from "../vault/mail-table.ts";
import { insertOutgoing, markEnded, markReceipt } from "../vault/outgoing-table.ts";
import type { Vault } from "../vault/vault.ts";
import { wayOf } from "../vault/way.ts";
import { Capabilities } from "./capabilities.ts";
import { Ciphers } from "./ciphers.ts";
import { Contacts } from "./contacts.ts";
import { Decisions } from "./decisions.ts";
import { Directory } from "./directory.ts";
import type { Identity } from "./identity.ts";
import { Inbound, type Received } from "./inbound.ts";
import { KeyKeeper } from "./key-keeper.ts";
import { badLabel } from "./label-choice.ts";
import { MailSearch } from "./mail-search.ts";
import { Mailroom, type Placed } from "./mailroom.ts";
import { meetRelay } from "./meet-relay.ts";
import { Outbox } from "./outbox.ts";
import { PeerQueue } from "./peer-queue.ts";
import { Receipts } from "./receipts.ts";
import { RelayPolls } from "./relay-polls.ts";
import { Repair } from "./repair.ts";
import type { RoutingPolicy } from "./router.ts";
import type { Session } from "./session-registry.ts";
import { SessionRegistry } from "./session-registry.ts";

/** The doorbell is a hint; this poll is the guarantee (see `RelayPolls`). In ms. */
const POLL_MS = 30_000;
const CONTACT_LOOK_MS = 250;
/** A session whose connection ended may be back this soon, in ms. */
const ENDED_GRACE_MS = 2_000;
/** After a restart sessions come back by themselves within this, in ms. */
const RETURN_WITHIN_MS = 30_000;
/** While quiet hours last, their end is looked for this often, in ms. */
const QUIET_LOOK_MS = 60_000;
const INCIDENTS_SHOWN = 5;

export interface AgentParts {
  /** TINYPLACE_UNROUTED_POLICY; null leaves it to what the person set. */
  readonly unroutedPolicy?: RoutingPolicy | null;
  readonly identity: Identity;
  readonly vault: Vault;
  /** Where the vault's key is kept; a passphrase may come and go. */
  readonly keys: { readonly store: KeyStore };
  readonly relay: RelayTransport;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Whether keys of the network's own cipher are published; by default they are (rule E3). */
  readonly publishesForAll?: () => boolean;
}

export interface AgentEvents {
  /** Something a snapshot shows may have changed. */
  changed: [];
  /** The relay answers (again). */
  online: [];
  /** Mail of these labels changed; `holds` too when true. */
  mail: [labels: readonly string[], holds: boolean];
  /** The contact requests that wait are others than before. */
  requests: [];
  /** Nothing may be read or written soon. */
  closing: [];
}

/** Who writes: a session, or nobody in particular (a send-only client, the person). */
export type Sender = Pick<Session, "harnessSessionId"> & { readonly label: string | null };

/** As much of a message of ours as says what became of it. */
type SentRow = Pick<
  MessageRow,
  "seq" | "id" | "peer" | "at" | "direction" | "from_session" | "to_session"
>;

/** What the write of a message made: a delivery, or the row of one that leaves. */
interface Committed {
  readonly placed: Placed | null;
  readonly row: SentRow | null;
}

/** The daemon of one agent: its vault, ratchet, relay connection, sessions, routing and outbox. */
export class Agent extends EventEmitter<AgentEvents> {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly relay: RelayTransport;
  readonly sessions: SessionRegistry;
  readonly mailroom: Mailroom;
  readonly decisions: Decisions;
  readonly directory: Directory;
  readonly contacts: Contacts;
  readonly search: MailSearch;
  private readonly parts: AgentParts;
  private readonly way: RelaySwitch;
  private readonly ciphers: Ciphers;
  private readonly outbox: Outbox;
  private readonly inbound: Inbound;
  private readonly receipts: Receipts;
  private readonly repair: Repair;
  private readonly keys: KeyKeeper;
  private readonly queue = new PeerQueue();
  private relayState: Omit<RelaySummary, "url"> = { state: "connecting", problem: null };
  private readonly pendingTimers = new Set<() => void>();
  private lease: Lease | null = null;
  private readonly polls = new RelayPolls();
  private cancelPoll: (() => void) | null = null;
  private cancelQuietLook: (() => void) | null = null;
  private cancelContactLook: (() => void) | null = null;
  private isLeaving = false;
  private closed = false;

  constructor(parts: AgentParts) {
    super();
    this.parts = parts;
    const { identity, vault, clock, timers } = parts;
    this.way = new RelaySwitch(parts.relay);
    const { relay } = this.way;
    this.identity = identity;
    this.vault = vault;
    this.relay = relay;
    this.sessions = new SessionRegistry(vault);
    this.search = new MailSearch(vault);
    this.decisions = new Decisions(vault, parts.unroutedPolicy ?? null);
    this.mailroom = new Mailroom(vault, this.sessions, this.decisions, clock);
    const ciphers = new Ciphers({
      vault,
      relay,
      clock,
      libsignal: new Ratchet(identity),
      sdk: new SdkCipher(identity, clock),
    });
    this.ciphers = ciphers;
    const shared = { vault, ciphers, relay, queue: this.queue, clock, timers };
    const wake = (peer: string) => this.outbox.wake(peer);
    const changed = () => void this.emit("changed");
    this.directory = new Directory({ identity, vault, relay, clock, timers, changed });
    this.contacts = new Contacts({
      self: identity.cryptoId,
      vault,
      relay,
      clock,
      changed: () => {
        this.emit("requests");
        changed();
      },
      accepted: () => this.outbox.hurry(),
    });
    const capabilities = new Capabilities({ vault, relay, clock });
    const publishesForAll = parts.publishesForAll ?? (() => true);
    this.keys = new KeyKeeper({ identity, vault, relay, clock, publishesForAll });
    this.outbox = new Outbox({
      ...shared,
      identity,
      askForContact: (peer) => this.contacts.requestForMail(peer),
      firstMessageGone: (peer) => this.repair.firstMessageGone(peer),
      changed: (jobs) => this.sentChanged(jobs),
    });
    this.receipts = new Receipts({ vault, capabilities, clock, timers, wake });
    this.repair = new Repair({ vault, clock, timers, wake });
    this.inbound = new Inbound({
      ...shared,
      mailroom: this.mailroom,
      control: {
        control: (peer, control, first) => this.control(peer, control, first),
        heard: (peer, suite, lost) => this.repair.heard(peer, suite, lost),
      },
      received: (what) => this.received(what),
      failed: (error) => {
        if (errorView(error).code === "mailbox_leased") void this.checkLease(false);
      },
    });
    this.mailroom.on("delivered", (labels) => this.mailChanged(labels, false));
    this.mailroom.on("holds", () => this.mailChanged([], true));
    vault.onProblem = () => this.emit("changed");
    this.mailroom.on("owed", () => this.receipts.soon());
  }

  /** Connects to the relay; everything from then on happens by itself. */
  start(): void {
    this.relay.open({
      doorbell: (at, page) => this.rung(at, page),
      state: (state, problem) => {
        this.relayState = { state, problem };
        this.emit("changed");
        if (state === "online") void this.relayOnline();
      },
    });
    this.poll();
    this.later(RETURN_WITHIN_MS, () => this.sweepAbsent());
    this.watchQuietHours();
  }

  /** Does everything that can be done at this moment: fetches, answers, sends what is due. */
  async drain(): Promise<void> {
    await this.inbound.look();
    await this.repair.look();
    await this.receipts.flush();
    this.outbox.wakeAll();
    await this.outbox.idle();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.emit("closing");
    this.mailroom.close();
    this.cancelPoll?.();
    this.cancelContactLook?.();
    for (const cancel of this.pendingTimers) cancel();
    await this.relay.close();
    const mail = [this.outbox, this.inbound, this.receipts, this.repair];
    const parts = [...mail, this.keys, this.contacts];
    await Promise.allSettled(parts.map((part) => part.close()));
    await this.queue.idle();
    this.vault.close();
  }

  /** Resolves when what is being done about prekeys is done. */
  keysSettled(): Promise<void> {
    return this.keys.settled();
  }

  ref(): AgentRef {
    const { name, cryptoId, address } = this.identity;
    return { name, address: cryptoId, publicKey: address, handle: this.directory.own() };
  }

  /** Another installation drains its mailbox: from here nothing can be sent. */
  get livesElsewhere(): boolean {
    return this.lease?.state === "elsewhere";
  }

  get relayIs(): RelaySummary["state"] {
    return this.relayState.state;
  }

  summary(): AgentSummary {
    const unread = unreadCounts(this.vault);
    const trouble = this.vault.problem;
    const sessions = this.sessions.summaries(unread);
    const absent = [...unread]
      .filter(([label]) => !this.sessions.get(label))
      .sort(([a], [b]) => compareLabels(a, b))
      .map(([label, count]) => ({ label, unread: count }));
    return {
      cryptoId: this.identity.cryptoId,
      name: this.identity.name,
      handle: this.directory.own(),
      publicKey: this.identity.address,
      sessions,
      absent,
      unread: [...unread.values()].reduce((sum, count) => sum + count, 0),
      holds: holdCount(this.vault),
      queued: waitingCount(this.vault),
      undecryptable: quarantineCount(this.vault),
      drafts: draftCount(this.vault),
      paused: this.decisions.paused,
      contactRequests: [...this.contacts.requests()],
      handleChanges: this.directory.alarms(),
      relay: { url: this.relay.url, ...this.relayState },
      keyStore: this.parts.keys.store,
      lease:
        this.lease?.state === "elsewhere" ? this.lease : { state: this.lease?.state ?? "unknown" },
      incidents: incidents(this.vault, INCIDENTS_SHOWN),
      storage: trouble && { code: trouble.code, reason: trouble.message, next: trouble.next },
    };
  }

  /** A session came or changed its label: remember it, and look at the holds again. */
  async sessionChanged(session: Session): Promise<void> {
    const now = this.parts.clock.now();
    await this.vault.write(() => this.sessions.remember(session, now));
    const { formerLabel, label } = session;
    if (formerLabel !== null && formerLabel !== label && !this.sessions.get(formerLabel)) {
      await this.mailroom.sessionRenamed(formerLabel, label);
    }
    await this.mailroom.placeHolds();
    this.emit("changed");
  }

  /** Mail of this agent came from elsewhere than the relay, and is committed. */
  mailAdded(placed: readonly Placed[]): void {
    this.mailroom.announce(placed);
    this.outbox.wakeAll();
    // Holds may be for sessions that are live here, and inboxes of sessions that are not.
    this.mailroom.placeHolds().catch(() => undefined);
    this.later(RETURN_WITHIN_MS, () => this.sweepAbsent());
    this.emit("changed");
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** A session's harness goes by another id from now on (rule S6). */
  async rebind(session: Session, harnessSessionId: string): Promise<void> {
    const former = session.harnessSessionId;
    session.harnessSessionId = harnessSessionId;
    session.life.harnessSessionIds.add(harnessSessionId);
    for (const peer of session.peers) peer.notify("rebound", { harnessSessionId });
    const now = this.parts.clock.now();
    await this.vault.write(() => {
      this.sessions.remember(session, now);
      if (former !== null) renameAsker(this.vault, former, harnessSessionId);
    });
    await this.mailroom.placeHolds();
    this.emit("changed");
  }

  /** Its mail goes elsewhere in a moment, unless it comes back: a bridge may only have reconnected. */
  sessionEnded(label: string): void {
    this.emit("changed");
    this.later(ENDED_GRACE_MS, () => this.reroute(label));
  }

  /** What a person decided changed: holds are looked at again. */
  async decided(change: Promise<void>): Promise<void> {
    await change;
    await this.mailroom.placeHolds();
    this.watchQuietHours();
    this.emit("changed");
  }

  /**
   * Commits a message and its job before it answers (rule D3); mail to this agent itself is routed in
   * the same transaction (rule R7). Repeating a call with the same id sends nothing again.
   * @param alongside runs first in that transaction; what it throws sends nothing
   */
  async send(
    params: CallParams<"send">,
    from: Sender,
    alongside: () => void = () => undefined,
  ): Promise<SentMessage> {
    // Half of a surrogate pair is no character: it is replaced here, as everything behind would.
    const text = params.body.toWellFormed();
    checkTextSize(text);
    if (params.toSession !== null && !isLabel(params.toSession)) throw badLabel(params.toSession);
    // A repeated call goes where its first attempt went, whatever the handle means by now.
    const known = params.to.startsWith("@") ? sentMessage(this.vault, params.id)?.peer : undefined;
    const to = known ?? (await this.directory.resolve(params.to));
    identityKeyOf(to);
    const local = to === this.identity.cryptoId;
    if (!local && this.lease?.state === "elsewhere") throw livesElsewhere(this.lease.host);
    const at = this.parts.clock.now();
    const message = {
      id: params.id,
      direction: local ? ("local" as const) : ("out" as const),
      peer: to,
      fromSession: from.label,
      toSession: params.toSession,
      inReplyTo: params.inReplyTo,
      role: params.role,
      text,
      auto: params.auto,
      sentAt: new Date(at).toISOString(),
      at,
      asker: from.harnessSessionId,
      late: false,
      suite: null,
    };
    const { placed, row } = await this.vault.write((): Committed => {
      alongside();
      if (local) return { placed: this.mailroom.accept(message), row: null };
      const seq = insertMessage(this.vault, message);
      if (seq === null) return { placed: null, row: null };
      insertOutgoing(this.vault, seq, to);
      const { toSession: label, id } = params;
      noteActivity(this.vault, { at, kind: "sent", peer: to, label, message: id });
      insertMailJob(this.vault, { recipient: to, message: seq, at });
      failpoint("send.before-commit");
      const sent = { ...message, seq, from_session: from.label, to_session: label };
      return { placed: null, row: sent };
    });
    failpoint("send.after-commit");
    if (placed) this.mailroom.announce([placed]);
    if (!local) this.outbox.wake(to);
    this.emit("mail", from.label === null ? [] : [from.label], false);
    this.emit("changed");
    return row ? this.sentOf(row) : this.sent(params.id, { to, body: text });
  }

  /**
   * What is known of a message of ours; throws `bad_request` when there is none with this id, or when
   * it is not the one that is `expected`.
   */
  sent(id: string, expected?: { to: string; body: string }): SentMessage {
    const row = this.requireSent(id);
    if (expected && (row.peer !== expected.to || row.text !== expected.body)) {
      throw new TinyplaceError(
        "bad_request",
        `Another message was already sent with the id ${row.id}; this one was not sent.`,
        "Give every message an id of its own.",
      );
    }
    return this.sentOf(row);
  }

  private sentOf(row: SentRow): SentMessage {
    const { ladder, problem, label } = wayOf(this.vault, row);
    return {
      id: row.id,
      to: row.peer,
      via: row.direction === "local" ? "local" : "relay",
      fromSession: row.from_session,
      toSession: row.to_session ?? label,
      state: currentRung(ladder),
      ladder,
      problem,
    };
  }

  /**
   * Takes a message back that never left this machine. Throws `not_allowed` when it may have left
   * already: the relay may have it, even if it did not say so.
   */
  async cancel(id: string): Promise<SentMessage> {
    const row = this.requireSent(id);
    const cancelled = await this.vault.write(() => {
      const job = row.direction === "out" ? jobOf(this.vault, row.seq) : null;
      if (!job || job.sealed) return false;
      removeJob(this.vault, job.job);
      markEnded(this.vault, row.seq, "cancelled", null, this.parts.clock.now());
      return true;
    });
    if (!cancelled) {
      throw new TinyplaceError(
        "not_allowed",
        `The message ${row.id} has left this machine, or may have: it cannot be taken back.`,
        "Send another message that says so.",
      );
    }
    this.sentChanged([row]);
    return this.sent(id);
  }

  private reroute(label: string): void {
    if (this.sessions.get(label)) return;
    // A write that is refused, e.g. by a full disk, leaves the mail where it is: nothing is lost.
    this.mailroom.sessionEnded(label).catch(() => undefined);
  }

  /** Labels with unread mail whose sessions did not come back after a restart. */
  private sweepAbsent(): void {
    for (const label of unreadCounts(this.vault).keys()) this.reroute(label);
  }

  /** What quiet hours hold is looked at when they end. */
  private watchQuietHours(): void {
    this.cancelQuietLook?.();
    this.cancelQuietLook = null;
    const wait = this.decisions.untilQuietEnds(this.parts.clock.now());
    if (wait === null) return;
    // In steps: a clock that is set meanwhile moves the end.
    this.cancelQuietLook = this.later(Math.min(wait, QUIET_LOOK_MS), () => {
      this.mailroom.placeHolds().catch(() => undefined);
      this.watchQuietHours();
    });
  }

  /** A timer that ends with the agent. */
  private later(ms: number, task: () => void): () => void {
    const cancel = this.parts.timers.after(ms, () => {
      this.pendingTimers.delete(cancel);
      task();
    });
    this.pendingTimers.add(cancel);
    return () => {
      this.pendingTimers.delete(cancel);
      cancel();
    };
  }

  /**
   * Gives the session with a peer up, so that the next message begins a new one; what the peer sent in
   * the old one is still read. False when there was none.
   */
  resetSession(peer: string): Promise<boolean> {
    return this.queue.run(peer, async () => {
      const unit = new RatchetUnit(this.vault);
      const had = this.ciphers.archiveSessions(unit, peer);
      if (had) {
        await this.vault.write(() => {
          unit.commit(this.parts.clock.now());
          forgetCiphertexts(this.vault, peer);
        });
      }
      return had;
    });
  }

  private requireSent(id: string): MessageRow {
    const row = sentMessage(this.vault, id);
    if (row) return row;
    throw new TinyplaceError(
      "bad_request",
      `No message ${id.slice(0, 64)} was sent from this agent.`,
      "Use the id that `send` returned in this agent's sessions.",
    );
  }

  /** Messages of ours came further, or will not. */
  private sentChanged(messages: readonly Pick<MessageRow, "from_session">[]): void {
    const labels = messages.flatMap((one) => (one.from_session === null ? [] : [one.from_session]));
    this.emit("mail", [...new Set(labels)], false);
    this.emit("changed");
  }

  private received(what: Received): void {
    if (what.prekeysUsed) void this.keys.topUp();
    if (what.owed) this.receipts.soon();
    for (const peer of what.wake) {
      this.outbox.wake(peer);
      this.receipts.soon();
    }
    if (what.quarantined) void this.repair.look();
    this.emit("changed");
  }

  /** A peer's control message, inside the write that commits it. True: the outbox has new work. */
  private control(peer: string, control: Control, firstMessage: boolean): boolean {
    switch (control.kind) {
      case "receipts":
        this.climb(peer, control.receipts);
        return false;
      case "repair":
        // Only a new session proves that the asker does not merely replay an old one.
        return firstMessage && this.repair.answer(peer, control.envelopes);
      case "repaired":
        this.repair.answered(peer, control);
        return false;
      default:
        return unreachable(control);
    }
  }

  /** A peer's receipts: they say something about messages sent to this very peer, or nothing. */
  private climb(peer: string, receipts: readonly Receipt[]): void {
    const now = this.parts.clock.now();
    const changed: ReceiptedRow[] = [];
    for (const { id, rung, at, session } of receipts) {
      const row = sentTo(this.vault, peer, id);
      if (!row) continue;
      // By the peer's clock, within what ours can believe.
      const seen = Math.min(now, Math.max(row.at, Date.parse(at)));
      markReceipt(this.vault, row.seq, rung, seen, session);
      changed.push(row);
    }
    if (changed.length > 0) setImmediate(() => this.sentChanged(changed));
  }

  private mailChanged(labels: readonly string[], holds: boolean): void {
    this.emit("mail", labels, holds);
    this.emit("changed");
  }

  private async relayOnline(): Promise<void> {
    await meetRelay(this.vault, this.relay.url).catch(() => undefined);
    if (!(await this.checkLease(false))) return;
    this.emit("online");
    await this.keys.topUp();
    this.polls.asked(Math.random());
    await Promise.allSettled([
      this.inbound.look(),
      this.contacts.look(),
      this.directory.refresh(),
      this.outbox.hurry(),
      this.repair.look(),
      this.receipts.flush(),
    ]);
  }

  /**
   * Whether this installation may use the agent now (rule N5); a relay that does not answer leaves it
   * as it was. @param take moves the agent here from another installation.
   */
  private async checkLease(take: boolean): Promise<boolean> {
    const before = this.lease?.state;
    try {
      this.lease = await this.relay.lease(take);
    } catch {
      return this.mayDrain();
    }
    if (this.lease.state !== before) {
      // Rings were not answered while it was not known to be ours.
      this.polls.askNext();
      await this.noteLease(this.lease.state);
    }
    this.outbox.pause(!this.mayDrain() || this.isLeaving);
    this.emit("changed");
    return this.mayDrain();
  }

  /** A vault that refuses to be written, e.g. on a full disk, is told elsewhere. */
  private async noteLease(why: Lease["state"]): Promise<void> {
    if (this.closed) return;
    const at = this.parts.clock.now();
    const write = () => noteActivity(this.vault, { at, kind: "lease", why });
    await this.vault.write(write).catch(() => undefined);
  }

  private mayDrain(): boolean {
    return this.lease !== null && this.lease.state !== "elsewhere";
  }

  /** Before its relay is left: sends nothing more, while what was sent to it can still be read. */
  async stopSending(): Promise<void> {
    this.isLeaving = true;
    this.outbox.pause(true);
    await this.outbox.idle();
  }

  /** Reads what is in the mailbox. Never rejects. */
  lookForMail(): Promise<void> {
    return this.inbound.look();
  }

  /**
   * Goes to another relay: what is queued goes out there, and the sessions here notice nothing. Work
   * that is under way ends first, since half of it at each relay would be done at neither.
   */
  async changeRelay(next: RelayTransport): Promise<void> {
    await Promise.all([this.stopSending(), this.way.leave()]);
    const { keys, inbound, contacts } = this;
    await Promise.all([keys.settled(), inbound.settled(), contacts.settled()]);
    if (this.closed) return next.close();
    this.lease = null;
    this.isLeaving = false;
    this.relayState = { state: "connecting", problem: null };
    this.way.enter(next);
    this.emit("changed");
  }

  /** Publishes what others need to begin a session, as it is set now. */
  publishKeys(): Promise<void> {
    return this.keys.topUp();
  }

  /** Who holds the mailbox, asked now; null when the relay does not answer. */
  async whereItLives(): Promise<Lease | null> {
    await this.checkLease(false);
    return this.lease;
  }

  /** Moves the agent here from another installation, which from then on is refused its mail. */
  async moveHere(): Promise<void> {
    await this.relay.lease(true);
    await this.relayOnline();
  }

  /** @param at null: for anything. Contacts can wait a moment and be asked once. */
  private rung(at: RungFor | null, page?: MailPage): void {
    if (!this.mayDrain()) return;
    if (at !== "contacts") void this.inbound.look(page);
    if (at === "mail") return;
    this.cancelContactLook ??= this.parts.timers.after(CONTACT_LOOK_MS, () => {
      this.cancelContactLook = null;
      void this.contacts.look();
    });
  }

  private poll(): void {
    if (this.closed) return;
    const { clock, timers } = this.parts;
    const due = clock.now() + POLL_MS;
    this.cancelPoll = timers.after(POLL_MS, () => {
      if (!this.mayDrain()) {
        void this.relayOnline().finally(() => this.poll());
        return;
      }
      const rings = this.relayState.state === "online" && this.relay.rings && this.contacts.isSure;
      // With a relay that rings the vault is left alone, too: what waits in it has timers of its own.
      if (!this.polls.asks(rings, clock.now() - due, Math.random())) return this.poll();
      const looks = [
        this.inbound.look(),
        this.contacts.look(),
        this.keys.rotate(),
        this.repair.look(),
        this.receipts.flush(),
      ];
      this.outbox.wakeAll();
      void Promise.allSettled(looks).then(() => this.poll());
    });
  }
}

function livesElsewhere(host: string): TinyplaceError {
  return new TinyplaceError(
    "mailbox_leased",
    `This agent lives on ${host} now, so this machine sends nothing in its name.`,
    "Send it there, or move the agent here in its view in the window.",
  );
}
