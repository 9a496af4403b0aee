import { EventEmitter } from "node:events";
import type { Control } from "../../shared/envelope/envelope.ts";
import { errorView, unreachable } from "../../shared/errors/errors.ts";
import { compareLabels } from "../../shared/labels/labels.ts";
import type { SentMessage } from "../../shared/model/sent.ts";
import type { AgentSummary, RelaySummary } from "../../shared/model/snapshot.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { AgentRef, CallParams } from "../../shared/protocol/protocol.ts";
import type { Clock } from "../platform/clock.ts";
import { Ratchet } from "../ratchet/ratchet.ts";
import type { RatchetThread } from "../ratchet/ratchet-thread.ts";
import { SdkCipher } from "../ratchet/sdk-cipher.ts";
import { RatchetUnit } from "../ratchet/unit-of-work.ts";
import { RelaySwitch } from "../relay/client/relay-switch.ts";
import type { Lease, RelayTransport } from "../relay/transport.ts";
import { draftCount } from "../vault/draft-table.ts";
import { quarantineCount } from "../vault/envelope-table.ts";
import { holdCount } from "../vault/hold-table.ts";
import { incidents } from "../vault/incident-table.ts";
import { forgetCiphertexts, waitingCount } from "../vault/job-table.ts";
import type { KeyStore } from "../vault/key-slots.ts";
import { type MessageRow, renameAsker, unreadCounts } from "../vault/mail-table.ts";
import type { Vault } from "../vault/vault.ts";
import { Capabilities } from "./capabilities.ts";
import { Ciphers } from "./ciphers.ts";
import { Contacts } from "./contacts.ts";
import { Decisions } from "./decisions.ts";
import { Directory } from "./directory.ts";
import type { Identity } from "./identity.ts";
import { Inbound, type Received } from "./inbound.ts";
import { KeyKeeper } from "./key-keeper.ts";
import { MailSearch } from "./mail-search.ts";
import { Mailroom, type Placed } from "./mailroom.ts";
import { Outbox } from "./outbox.ts";
import { PeerQueue } from "./peer-queue.ts";
import { Receipts } from "./receipts.ts";
import { RelayLink } from "./relay-link.ts";

import { Repair } from "./repair.ts";
import type { RoutingPolicy } from "./router.ts";
import { type Sender, SentMail } from "./sent-mail.ts";
import type { Attached, Session } from "./session-registry.ts";
import { SessionRegistry } from "./session-registry.ts";

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
  /** Takes batches of libsignal's steps. */
  readonly ratchetThread?: RatchetThread;
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
  private readonly ciphers: Ciphers;
  private readonly outbox: Outbox;
  private readonly inbound: Inbound;
  private readonly receipts: Receipts;
  private readonly repair: Repair;
  private readonly keys: KeyKeeper;
  private readonly mail: SentMail;
  private readonly link: RelayLink;
  private readonly queue = new PeerQueue();
  private readonly pendingTimers = new Set<() => void>();
  private cancelQuietLook: (() => void) | null = null;
  private closed = false;

  constructor(parts: AgentParts) {
    super();
    this.parts = parts;
    const { identity, vault, clock, timers } = parts;
    const way = new RelaySwitch(parts.relay);
    const { relay } = way;
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
      libsignal: new Ratchet(identity, parts.ratchetThread ?? null),
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
      isRemoved: (peer) => this.contacts.isRemoved(peer),
      firstMessageGone: (peer) => this.repair.firstMessageGone(peer),
      changed: (jobs) => this.mail.cameFurther(jobs),
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
        if (errorView(error).code === "mailbox_leased") void this.link.checkLease();
      },
    });
    this.mail = new SentMail({
      ...{ identity, vault, clock, wake, directory: this.directory, mailroom: this.mailroom },
      elsewhere: () => this.link.elsewhere,
      changed: (labels) => this.mailChanged(labels, false),
    });
    const { inbound, outbox, receipts, repair, keys, contacts, directory } = this;
    this.link = new RelayLink({
      ...{ way, vault, clock, timers, changed },
      work: { inbound, outbox, receipts, repair, keys, contacts, directory },
      online: () => this.emit("online"),
    });
    this.mailroom.on("delivered", (labels) => this.mailChanged(labels, false));
    this.mailroom.on("holds", () => this.mailChanged([], true));
    vault.onProblem = () => this.emit("changed");
    this.mailroom.on("owed", () => this.receipts.soon());
  }

  /** Connects to the relay; everything from then on happens by itself. */
  start(): void {
    this.link.open();
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
    for (const cancel of this.pendingTimers) cancel();
    await this.link.close();
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
    return this.link.elsewhere !== null;
  }

  get relayIs(): RelaySummary["state"] {
    return this.link.state.state;
  }

  summary(): AgentSummary {
    const unread = unreadCounts(this.vault);
    const trouble = this.vault.problem;
    const lease = this.link.leaseIs;
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
      relay: { url: this.relay.url, ...this.link.state },
      keyStore: this.parts.keys.store,
      lease: lease?.state === "elsewhere" ? lease : { state: lease?.state ?? "unknown" },
      incidents: incidents(this.vault, INCIDENTS_SHOWN),
      storage: trouble && { code: trouble.code, reason: trouble.message, next: trouble.next },
    };
  }

  /** A session came or changed its label: remember it, and look at the holds again. */
  async sessionChanged({ session, renamedFrom }: Attached): Promise<void> {
    const now = this.parts.clock.now();
    await this.vault.write(() => this.sessions.remember(session, now));
    if (renamedFrom !== null) await this.mailroom.sessionRenamed(renamedFrom, session.label);
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

  /** See `SentMail`. */
  send(
    params: CallParams<"send">,
    from: Sender,
    alongside: () => void = () => undefined,
  ): Promise<SentMessage> {
    return this.mail.send(params, from, alongside);
  }

  sent(id: string): SentMessage {
    return this.mail.sent(id);
  }

  answersTo(id: string): (mail: MessageRow) => boolean {
    return this.mail.answersTo(id);
  }

  cancel(id: string): Promise<SentMessage> {
    return this.mail.cancel(id);
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
        this.mail.climb(peer, control.receipts);
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

  private mailChanged(labels: readonly string[], holds: boolean): void {
    this.emit("mail", labels, holds);
    this.emit("changed");
  }

  /** See `RelayLink`. */
  stopSending(): Promise<void> {
    return this.link.stopSending();
  }

  /** Reads what is in the mailbox. Never rejects. */
  lookForMail(): Promise<void> {
    return this.inbound.look();
  }

  changeRelay(next: RelayTransport): Promise<void> {
    return this.link.change(next);
  }

  /** Publishes what others need to begin a session, as it is set now. */
  publishKeys(): Promise<void> {
    return this.keys.topUp();
  }

  /** Who holds the mailbox, asked now; null when the relay does not answer. */
  async whereItLives(): Promise<Lease | null> {
    await this.link.checkLease();
    return this.link.leaseIs;
  }

  moveHere(): Promise<void> {
    return this.link.moveHere();
  }
}
