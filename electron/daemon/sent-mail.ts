import { checkTextSize, type Receipt } from "../../shared/envelope/envelope.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { isLabel } from "../../shared/labels/labels.ts";
import { currentRung } from "../../shared/model/ladder.ts";
import type { SentMessage } from "../../shared/model/sent.ts";
import type { CallParams } from "../../shared/protocol/protocol.ts";
import type { Clock } from "../platform/clock.ts";
import { failpoint } from "../platform/failpoints.ts";
import { identityKeyOf } from "../ratchet/identity.ts";
import { noteActivity } from "../vault/activity-table.ts";
import { insertMailJob, jobOf, removeJob } from "../vault/job-table.ts";
import { holderOf } from "../vault/label-table.ts";
import {
  insertMessage,
  type MessageRow,
  type ReceiptedRow,
  sentMessage,
  sentTo,
} from "../vault/mail-table.ts";
import { insertOutgoing, markEnded, markReceipt } from "../vault/outgoing-table.ts";
import type { Vault } from "../vault/vault.ts";
import { wayOf } from "../vault/way.ts";
import type { Directory } from "./directory.ts";
import type { Identity } from "./identity.ts";
import { badLabel } from "./label-choice.ts";
import type { Mailroom, Placed } from "./mailroom.ts";
import type { Session } from "./session-registry.ts";

/** Who writes: a session, or nobody in particular (a send-only client, the person). */
export type Sender = Pick<Session, "harnessSessionId"> & { readonly label: string | null };

interface SentMailParts {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly directory: Directory;
  readonly mailroom: Mailroom;
  readonly clock: Clock;
  /** The machine that drains the mailbox in our stead; null: nobody does. */
  readonly elsewhere: () => string | null;
  /** The outbox has work for this recipient. */
  readonly wake: (recipient: string) => void;
  /** Mail that these labels sent came further, or will not. */
  readonly changed: (labels: readonly string[]) => void;
}

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

/** What one agent writes, and what becomes of it. */
export class SentMail {
  private readonly parts: SentMailParts;

  constructor(parts: SentMailParts) {
    this.parts = parts;
  }

  /**
   * Commits a message and its job before it answers (rule D3); mail to this agent itself is routed in
   * the same transaction (rule R7). Repeating a call with the same id sends nothing again.
   * @param alongside runs first in that transaction; what it throws sends nothing
   */
  async send(
    params: CallParams<"send">,
    from: Sender,
    alongside: () => void,
  ): Promise<SentMessage> {
    const { identity, vault, directory, mailroom, clock } = this.parts;
    // Half of a surrogate pair is no character: it is replaced here, as everything behind would.
    const text = params.body.toWellFormed();
    checkTextSize(text);
    if (params.toSession !== null && !isLabel(params.toSession)) throw badLabel(params.toSession);
    // A repeated call goes where its first attempt went, whatever the handle means by now.
    const known = params.to.startsWith("@") ? sentMessage(vault, params.id)?.peer : undefined;
    const to = known ?? (await directory.resolve(params.to));
    identityKeyOf(to);
    const local = to === identity.cryptoId;
    const elsewhere = this.parts.elsewhere();
    if (!local && elsewhere !== null) throw livesElsewhere(elsewhere);
    const at = clock.now();
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
    const { placed, row } = await vault.write((): Committed => {
      alongside();
      if (local) return { placed: mailroom.accept(message), row: null };
      const seq = insertMessage(vault, message);
      if (seq === null) return { placed: null, row: null };
      insertOutgoing(vault, seq, to);
      const { toSession: label, id } = params;
      noteActivity(vault, { at, kind: "sent", peer: to, label, message: id });
      insertMailJob(vault, { recipient: to, message: seq, at });
      failpoint("send.before-commit");
      const sent = { ...message, seq, from_session: from.label, to_session: label };
      return { placed: null, row: sent };
    });
    failpoint("send.after-commit");
    if (placed) mailroom.announce([placed]);
    if (!local) this.parts.wake(to);
    this.parts.changed(from.label === null ? [] : [from.label]);
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

  /**
   * Takes a message back that never left this machine. Throws `not_allowed` when it may have left
   * already: the relay may have it, even if it did not say so.
   */
  async cancel(id: string): Promise<SentMessage> {
    const { vault, clock } = this.parts;
    const row = this.requireSent(id);
    const cancelled = await vault.write(() => {
      const job = row.direction === "out" ? jobOf(vault, row.seq) : null;
      if (!job || job.may_have_left) return false;
      removeJob(vault, job.job);
      markEnded(vault, row.seq, "cancelled", null, clock.now());
      return true;
    });
    if (!cancelled) {
      throw new TinyplaceError(
        "not_allowed",
        `The message ${row.id} has left this machine, or may have: it cannot be taken back.`,
        "Send another message that says so.",
      );
    }
    this.cameFurther([row]);
    return this.sent(id);
  }

  /**
   * Tells which mail that names a message of ours answers it (rule A2): mail of the peer it went to, and
   * where it was for one session of that peer, of that session. Throws `bad_request` as `sent` does.
   */
  answersTo(id: string): (mail: MessageRow) => boolean {
    const { vault } = this.parts;
    const question = this.requireSent(id);
    const asked = question.to_session;
    return (mail) => {
      if (mail.peer !== question.peer) return false;
      if (asked === null || mail.from_session === asked) return true;
      // A rule, a person or another label of its session may have brought it to another label.
      const label = wayOf(vault, question).label ?? asked;
      if (mail.from_session === label) return true;
      // Inside this agent it is known which session had that label.
      return mail.asker !== null && mail.asker === holderOf(vault, label);
    };
  }

  /** Messages of ours came further, or will not. */
  cameFurther(messages: readonly Pick<MessageRow, "from_session">[]): void {
    const labels = messages.flatMap((one) => (one.from_session === null ? [] : [one.from_session]));
    this.parts.changed([...new Set(labels)]);
  }

  /**
   * A peer's receipts, inside the write that commits them: they say something about messages sent to
   * this very peer, or nothing.
   */
  climb(peer: string, receipts: readonly Receipt[]): void {
    const { vault, clock } = this.parts;
    const now = clock.now();
    const changed: ReceiptedRow[] = [];
    for (const { id, rung, at, session } of receipts) {
      const row = sentTo(vault, peer, id);
      if (!row) continue;
      // By the peer's clock, within what ours can believe.
      const seen = Math.min(now, Math.max(row.at, Date.parse(at)));
      markReceipt(vault, row.seq, rung, seen, session);
      changed.push(row);
    }
    if (changed.length > 0) setImmediate(() => this.cameFurther(changed));
  }

  private sentOf(row: SentRow): SentMessage {
    const { ladder, problem, label } = wayOf(this.parts.vault, row);
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

  private requireSent(id: string): MessageRow {
    const row = sentMessage(this.parts.vault, id);
    if (row) return row;
    throw new TinyplaceError(
      "bad_request",
      `No message ${id.slice(0, 64)} was sent from this agent.`,
      "Use the id that `send` returned in this agent's sessions.",
    );
  }
}

function livesElsewhere(host: string): TinyplaceError {
  return new TinyplaceError(
    "mailbox_leased",
    `This agent lives on ${host} now, so this machine sends nothing in its name.`,
    "Send it there, or move the agent here in its view in the window.",
  );
}
