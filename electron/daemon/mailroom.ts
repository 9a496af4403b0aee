import { EventEmitter } from "node:events";
import type { ActivityKind } from "../../shared/model/activity.ts";
import type { ReceivedMessage } from "../../shared/protocol/received-message.ts";
import type { Clock } from "../platform/clock.ts";
import { failpoint } from "../platform/failpoints.ts";
import { noteActivity } from "../vault/activity-table.ts";
import {
  discardHold,
  type HoldRow,
  holdCount,
  holdReasonIs,
  holds,
  insertHold,
  insertRefusal,
  removeHandedHold,
  removeHold,
  undoDiscard,
} from "../vault/hold-table.ts";
import {
  type DeliveryRow,
  insertDelivery,
  insertMessage,
  type MessageRow,
  markOffered,
  markRead,
  moveUnread,
  type NewMessage,
  removeDelivery,
  sentMessage,
  unreadDeliveries,
} from "../vault/mail-table.ts";
import { markAnswered } from "../vault/outgoing-table.ts";
import { type DueReceipt, oweReceipt } from "../vault/receipt-table.ts";
import type { Vault } from "../vault/vault.ts";
import type { Decisions } from "./decisions.ts";
import { type Placement, place, type Routable } from "./router.ts";
import type { SessionRegistry } from "./session-registry.ts";
import { Waiters } from "./waiting.ts";

export type Placed = { labels: readonly string[]; held: boolean; seq: number };

/** An unread message handed to one call is not handed to another for this long, in ms. */
const HANDED_FOR_MS = 5_000;
/** Mail of one ended session that is routed again in one go. */
const MAX_REROUTED = 10_000;

/**
 * Puts messages into sessions' inboxes and holds what nobody can take. `accept` runs inside the write
 * that commits the message; `announce` afterwards, so that nothing is shown before it is on disk.
 *
 * Emits `delivered` with labels, for sessions and windows, after the calls that wait were answered, and
 * `owed` when receipts are to go out.
 */
export class Mailroom extends EventEmitter<{
  delivered: [labels: readonly string[]];
  holds: [];
  owed: [];
  /** A label's mail was read. */
  read: [label: string];
}> {
  /** Calls that wait for mail. */
  readonly waiters = new Waiters();
  /** When each delivery that is not free was handed to a call, in ms. */
  private readonly handed = new Map<number, number>();
  /** Deliveries whose reading is being committed. */
  private readonly confirming = new Set<number>();
  private readonly vault: Vault;
  private readonly sessions: SessionRegistry;
  private readonly decisions: Decisions;
  private readonly clock: Clock;
  private closed = false;

  constructor(vault: Vault, sessions: SessionRegistry, decisions: Decisions, clock: Clock) {
    super();
    this.setMaxListeners(0);
    this.vault = vault;
    this.sessions = sessions;
    this.decisions = decisions;
    this.clock = clock;
  }

  /** Inside a write. Null: this message is known already, nothing was delivered (rule D2). */
  accept(message: NewMessage): Placed | null {
    const seq = insertMessage(this.vault, message);
    if (seq === null) return null;
    this.markQuestionAnswered(message);
    return this.settle({ ...message, seq }, this.placementOf(message), null);
  }

  /** What `accept` would do with the message at this moment (rule U6). */
  foresee(message: RoutableMessage): Placement {
    return this.placementOf(message);
  }

  announce(placed: readonly Placed[]): void {
    const labels = new Set(placed.flatMap((one) => one.labels));
    if (labels.size > 0) this.delivered([...labels]);
    if (placed.some((one) => one.held)) this.emit("holds");
  }

  /** Nobody is told anything more. */
  close(): void {
    this.closed = true;
  }

  /** Looks at every hold again; for each change of the live set or of what a person decided (R2). */
  async placeHolds(): Promise<void> {
    if (holdCount(this.vault) === 0) return;
    const placed = await this.vault.write(() => {
      const released = holds(this.vault).flatMap((hold) => this.release(hold));
      failpoint("place-holds.before-commit");
      return released;
    });
    failpoint("place-holds.after-commit");
    if (placed.length === 0) return;
    this.announce(placed);
    this.emit("holds");
    this.emit("owed");
  }

  /** Gives one held message to a label past all rules; false when it was not held any more (R3). */
  assign(seq: number, label: string): Promise<boolean> {
    return this.give(seq, label, true);
  }

  /** A session takes a held message itself; false when it was not held any more. */
  claim(seq: number, label: string): Promise<boolean> {
    return this.give(seq, label, false);
  }

  private async give(seq: number, label: string, released: boolean): Promise<boolean> {
    const done = await this.vault.write(() => {
      const hold = removeHold(this.vault, seq);
      if (!hold) return false;
      const at = this.clock.now();
      const offeredAt = hold.offered_at;
      insertDelivery(this.vault, { message: seq, label, at, offeredAt, released });
      this.note(released ? "given" : "claimed", hold, at, label);
      this.owe(hold, "inbox", at, label);
      return true;
    });
    if (done) {
      this.delivered([label]);
      this.emit("holds");
      this.emit("owed");
    }
    return done;
  }

  /** Takes a held message out of triage for good, after 30 days; false when it was not held. */
  async discard(seq: number): Promise<boolean> {
    const done = await this.vault.write(() => {
      const at = this.clock.now();
      const hold = discardHold(this.vault, seq, at);
      if (hold) this.note("discarded", hold, at, hold.hold_to);
      return hold !== null;
    });
    if (done) this.emit("holds");
    return done;
  }

  /** Holds a discarded message again; false when it was not discarded within 30 days. */
  async undiscard(seq: number): Promise<boolean> {
    const done = await this.vault.write(() => {
      const at = this.clock.now();
      const hold = undoDiscard(this.vault, seq, at);
      if (hold) this.note("undiscarded", hold, at, hold.hold_to);
      return hold !== null;
    });
    if (!done) return false;
    this.emit("holds");
    await this.placeHolds();
    return true;
  }

  /**
   * A session ended (rule R4): what it did not read and was meant for nobody in particular is routed
   * again; what was meant for it waits for it, where a person sees it.
   */
  async sessionEnded(label: string): Promise<void> {
    const unread = unreadDeliveries(this.vault, label, MAX_REROUTED);
    if (unread.length === 0) return;
    const placed = await this.vault.write(() => {
      // Taken up again under the same label before this ran: the mail is where it belongs.
      if (this.sessions.get(label)) return [];
      return unreadDeliveries(this.vault, label, MAX_REROUTED).map((row) => this.reroute(row));
    });
    this.unhand(unread.map((row) => row.delivery));
    this.announce(placed);
    if (placed.length > 0) this.emit("holds");
    this.emit("owed");
  }

  /** A session goes by another label: its unread mail goes with it. */
  async sessionRenamed(from: string, to: string): Promise<void> {
    await this.vault.write(() => {
      // Taken by another session before this ran: what is there by now may be its own.
      if (!this.sessions.get(from)) moveUnread(this.vault, from, to);
    });
    this.delivered([from, to]);
  }

  /**
   * Hands deliveries to a call: they stay unread until confirmed, and are not handed out meanwhile.
   * @param areMarked that they are handed out is on disk already
   */
  async hand(
    rows: readonly DeliveryRow[],
    areMarked = false,
  ): Promise<{ deliveries: number[]; messages: ReceivedMessage[] }> {
    const now = this.clock.now();
    for (const row of rows) this.take(row);
    if (rows.length > 0 && !areMarked) {
      await this.vault.write(() => {
        for (const row of rows) markOffered(this.vault, row.delivery, now);
        failpoint("offer.before-commit");
      });
      failpoint("offer.after-commit");
    }
    return { deliveries: rows.map((row) => row.delivery), messages: rows.map(receivedMessageOf) };
  }

  /** Keeps a delivery from being handed to another call for a while. */
  take(row: DeliveryRow): void {
    this.handed.set(row.delivery, this.clock.now());
  }

  /** Unread mail of a label that no other call has in hand, oldest first. */
  freeUnread(label: string, limit: number): DeliveryRow[] {
    // Past what is in other hands, which may be a whole page.
    const rows = unreadDeliveries(this.vault, label, limit + this.handed.size);
    return this.free(rows).slice(0, limit);
  }

  /** The rows no other call has in hand at this moment. */
  free(rows: readonly DeliveryRow[]): DeliveryRow[] {
    const now = this.clock.now();
    return rows.filter((row) => {
      if (this.confirming.has(row.delivery)) return false;
      const at = this.handed.get(row.delivery);
      // The distance either way: a clock that was set back must not keep it in hand for a day.
      return at === undefined || Math.abs(now - at) >= HANDED_FOR_MS;
    });
  }

  /** What was handed to a connection that ended is free again at once. */
  unhand(deliveries: Iterable<number>): void {
    for (const delivery of deliveries) this.handed.delete(delivery);
  }

  /** The client has them: they are read. */
  async confirm(deliveries: readonly number[], label: string): Promise<void> {
    const now = this.clock.now();
    // A call that follows at once must not be given them, however long ago they were handed out: this
    // process may have been put to sleep meanwhile.
    for (const delivery of deliveries) this.confirming.add(delivery);
    let holdsChanged = false;
    try {
      await this.vault.write(() => {
        for (const delivery of deliveries) {
          const hold = removeHandedHold(this.vault, delivery);
          const number = hold ? this.takeBack(hold, label, now) : delivery;
          const message = number === null ? null : markRead(this.vault, number, label, now);
          if (message) this.owe(message, "read", now, label);
          if (hold) holdsChanged = true;
        }
        failpoint("read.before-commit");
      });
      failpoint("read.after-commit");
    } finally {
      for (const delivery of deliveries) this.confirming.delete(delivery);
    }
    this.unhand(deliveries);
    if (holdsChanged) this.emit("holds");
    this.emit("owed");
    this.emit("read", label);
  }

  /** Inside a write: its session has it, and was only away when it was held. The delivery's number. */
  private takeBack(hold: HoldRow, label: string, at: number): number | null {
    this.note("delivered", hold, at, label, "had_already");
    const { seq, offered_at: offeredAt } = hold;
    const released = hold.released === 1;
    return insertDelivery(this.vault, { message: seq, label, at, offeredAt, released });
  }

  /** Inside a write: a message that was read by nobody yet goes where it belongs now. */
  private settle(message: Unplaced, placement: Placement, why: string | null): Placed {
    const at = this.clock.now();
    const { seq, offered_at: offeredAt = null, delivery = null } = message;
    const released = message.released === 1;
    if (placement.kind === "hold") {
      const { toSession, reason } = placement;
      insertHold(this.vault, {
        message: seq,
        toSession,
        reason,
        at,
        offeredAt,
        delivery,
        released,
      });
      this.note("held", message, at, toSession, reason);
      this.owe(message, "held", at);
      return { labels: [], held: true, seq };
    }
    if (placement.kind === "drop") {
      insertRefusal(this.vault, seq, at);
      this.note("dropped", message, at, null, why);
      this.owe(message, "refused", at);
      return { labels: [], held: false, seq };
    }
    const { labels } = placement;
    for (const label of labels) {
      insertDelivery(this.vault, { message: seq, label, at, offeredAt, released });
      this.promise(label, seq, at);
      this.note("delivered", message, at, label, why);
    }
    this.owe(message, "inbox", at, labels[0]);
    return { labels, held: false, seq };
  }

  /** Inside a write: to whoever waits for it the message is handed out by this very transaction. */
  private promise(label: string, seq: number, at: number): void {
    const delivery = this.waiters.promise(label, seq);
    if (delivery === null) return;
    markOffered(this.vault, delivery, at);
    failpoint("offer.before-commit");
  }

  private delivered(labels: readonly string[]): void {
    const tell = () => {
      if (!this.closed) this.emit("delivered", labels);
    };
    // A call that was served answers before others are told.
    if (this.waiters.serve(labels, (row) => this.take(row))) setImmediate(tell);
    else tell();
  }

  private note(
    kind: ActivityKind,
    message: Pick<MessageRow, "id" | "peer">,
    at: number,
    label: string | null,
    why: string | null = null,
  ): void {
    noteActivity(this.vault, { at, kind, peer: message.peer, label, message: message.id, why });
  }

  private release(hold: HoldRow): Placed[] {
    const toSession = hold.hold_to ?? hold.to_session;
    const message = { ...routableOf(hold), toSession };
    const placement = this.placementOf(message, hold.released === 1 ? toSession : null);
    if (placement.kind === "hold") {
      // Of a session that ended, that is told, and not that it is not there.
      const isGone = placement.reason === "session_not_live" && hold.reason === "session_ended";
      holdReasonIs(this.vault, hold.seq, isGone ? "session_ended" : placement.reason);
      return [];
    }
    // What was received is not dropped by a policy that came later: a person discards it.
    if (placement.kind === "drop") return [];
    removeHold(this.vault, hold.seq);
    return [this.settle(hold, placement, "hold_over")];
  }

  private reroute(row: DeliveryRow): Placed {
    removeDelivery(this.vault, row);
    const message = routableOf(row);
    const isTargeted = message.toSession !== null || this.askerOf(message) !== null;
    const placement: Placement =
      isTargeted || row.released === 1
        ? { kind: "hold", toSession: row.label, reason: "session_ended" }
        : this.placementOf(message);
    return this.settle(
      row,
      placement.kind === "drop"
        ? { kind: "hold", toSession: null, reason: "no_session_live" }
        : placement,
      "session_changed",
    );
  }

  private placementOf(message: RoutableMessage, releasedTo: string | null = null): Placement {
    const fromOutside = message.direction === "in";
    const rules = this.decisions.rulesFor({ peer: message.peer, fromOutside }, this.clock.now());
    return place({ ...this.routable(message), releasedTo }, this.sessions.labels(), rules);
  }

  /** Inside a write: what its sender is to be told of a message that came over the relay. */
  private owe(
    message: { id: string; direction: string; peer: string },
    rung: DueReceipt["rung"],
    at: number,
    label: string | null = null,
  ): void {
    if (message.direction !== "in") return;
    oweReceipt(this.vault, { peer: message.peer, messageId: message.id, rung, at, label });
  }

  private markQuestionAnswered(message: NewMessage): void {
    if (message.direction !== "in" || message.inReplyTo === null) return;
    const question = sentMessage(this.vault, message.inReplyTo);
    if (question?.peer === message.peer) markAnswered(this.vault, question.seq, message.at);
  }

  private routable(message: RoutableMessage): Omit<Routable, "releasedTo"> {
    return {
      toSession: message.toSession,
      asker: this.askerOf(message),
      localSender: message.direction === "local" ? message.fromSession : null,
    };
  }

  /** Who asked, when the message answers one that we sent to this very peer. */
  private askerOf(message: RoutableMessage): Routable["asker"] {
    if (message.inReplyTo === null) return null;
    const question = sentMessage(this.vault, message.inReplyTo);
    if (!question || question.peer !== message.peer) return null;
    return { harnessSessionId: question.asker, label: question.from_session };
  }
}

type RoutableMessage = Pick<
  NewMessage,
  "toSession" | "inReplyTo" | "peer" | "direction" | "fromSession"
>;

/** A message as it is placed, and what it was before: a delivery, or a hold. */
type Unplaced = Pick<MessageRow, "seq" | "id" | "direction" | "peer"> &
  Partial<Pick<HoldRow, "offered_at" | "delivery" | "released">>;

function routableOf(row: MessageRow): RoutableMessage {
  return {
    toSession: row.to_session,
    inReplyTo: row.in_reply_to,
    peer: row.peer,
    direction: row.direction,
    fromSession: row.from_session,
  };
}

/** A message, and whether it was handed out before or given by a person. */
export type OfferedRow = MessageRow & Pick<DeliveryRow, "offered_at" | "released" | "auto_answer">;

export function receivedMessageOf(row: OfferedRow): ReceivedMessage {
  return {
    id: row.id,
    from: row.peer,
    fromSession: row.from_session,
    role: row.role,
    text: row.text,
    inReplyTo: row.in_reply_to,
    timestamp: row.sent_at,
    auto: row.auto === 1,
    redelivered: row.offered_at !== null,
    late: row.late === 1,
    released: row.released === 1,
    autoAnswer: row.auto_answer,
  };
}
