import { createHmac, hkdfSync } from "node:crypto";
import {
  frameContactRequest,
  frameMark,
  frameMessage,
  newDelimiter,
} from "../../../shared/framing/frame.ts";
import { type DeliveryRow, markRead, unreadCount } from "../../vault/mail-table.ts";
import {
  cameBy,
  markPushed,
  markSeen,
  neverSeen,
  type Pushed,
  type Unseen,
  unhooked,
  unpushed,
  unwoken,
} from "../../vault/offer-table.ts";
import { oweReceipt } from "../../vault/receipt-table.ts";
import type { Agent } from "../agent.ts";
import { framedMessageOf, type NameOf, senderName } from "../framed-message.ts";
import type { Session } from "../session-registry.ts";

/**
 * Of messages in one hook's output: Claude Code gives the model no more than 10,000 characters and puts
 * the whole into a file, unread. The rest is for introduction, requests and counts.
 */
const CONTEXT_CHARACTERS = 8_000;
/** Contact requests told at once; the next hook tells of more. */
const MAX_REQUESTS = 4;
const MAX_MESSAGES = 20;
/** What a channel pushed is given this long to show in the transcript before a hook offers it, ms. */
const CHANNEL_GRACE_MS = 10_000;
/** What a hook offered is offered once more when it was not seen after this long, in ms. */
const UNSEEN_AFTER_MS = 60_000;
const UNSEEN_FORGOTTEN_MS = 3_600_000;

/** Ids are their senders' own. */
type MessageName = Pick<DeliveryRow, "peer" | "id">;

/** What a transcript shows. */
type Seen = Pick<Unseen, "delivery" | "isWhole"> & { readonly isFramed: boolean };

/** What is shown to a session, and which deliveries stand in it. */
export interface Offer {
  readonly text: string;
  readonly pushed: readonly Pushed[];
}

/**
 * Mail of one agent as it is offered to sessions that did not ask for it (rules M2, Z4), and what
 * became of it (rule D6).
 */
export class Offers {
  private readonly agent: Agent;
  private readonly nameOf: NameOf;
  /** 32 bytes: by it delimiters of frames are drawn. */
  private readonly frameKey: Uint8Array;

  constructor(agent: Agent, nameOf: NameOf) {
    this.agent = agent;
    this.nameOf = nameOf;
    const { seed } = agent.identity;
    this.frameKey = new Uint8Array(hkdfSync("sha256", seed, "", "tinyplace frames", 32));
  }

  /**
   * What a hook tells a session; null when there is nothing new.
   * reminds: also tells of mail that was offered before and is unread still; shown: ids of messages
   * that stand in the prompt already.
   */
  async forHook(
    session: Session,
    { now, reminds, shown }: { now: number; reminds: boolean; shown: readonly string[] },
  ): Promise<Offer | null> {
    const { vault, mailroom } = this.agent;
    const { label } = session;
    const times = { after: now - UNSEEN_FORGOTTEN_MS, before: now - UNSEEN_AFTER_MS };
    const isWatched = session.life.transcript !== null;
    const before = { pushedBefore: pushedBefore(session, now), wokenBefore: times.before };
    const rows = mailroom
      .free([
        ...(isWatched ? neverSeen(vault, label, times, MAX_MESSAGES) : []),
        ...unhooked(vault, label, before, MAX_MESSAGES),
      ])
      .filter(({ id }) => !shown.includes(id))
      .slice(0, MAX_MESSAGES);
    const { frames, pushed } = this.framed(rows, "hook");
    await mailroom.hand(rows.slice(0, pushed.length));
    const requests = this.newRequests(session.life.toldRequests);
    const read = pushed.filter(({ whole }) => whole).length;
    const unread = Math.max(0, unreadCount(vault, label) - read);
    const isWorthSaying = frames.length > 0 || requests.length > 0 || (reminds && unread > 0);
    if (!isWorthSaying) return null;
    const rest = unread > 0 ? [`${unread} unread in this session's inbox: call inbox.`] : [];
    return { text: [...frames, ...requests, ...rest].join("\n\n"), pushed };
  }

  /** What wakes an idle session; null when nothing came that may. */
  async forWake(session: Session, now: number): Promise<Offer | null> {
    const { vault, mailroom } = this.agent;
    const { label } = session;
    const rows = mailroom.free(unwoken(vault, label, pushedBefore(session, now), MAX_MESSAGES));
    if (rows.length === 0) return null;
    const { frames, pushed } = this.framed(rows, "wake");
    await mailroom.hand(rows.slice(0, pushed.length));
    const rest = unreadCount(vault, label) - pushed.length;
    const more = rest > 0 ? [`${rest} more unread in this session's inbox: call inbox.`] : [];
    return { text: [...frames, ...more].join("\n\n"), pushed };
  }

  /** When a channel brought something that may still arrive, later mail may wake the session, in ms. */
  wakeDelay(session: Session, now: number): number | null {
    const { vault, mailroom } = this.agent;
    const waits = mailroom.free(unwoken(vault, session.label, now, 1)).length > 0;
    return waits && session.life.hasChannel ? CHANNEL_GRACE_MS : null;
  }

  /** How the messages that stand in a session's prompt came there. */
  cameBy(session: Session, shown: readonly string[]): { channel: boolean; wake: boolean } {
    return cameBy(this.agent.vault, session.label, shown);
  }

  /** One message for the session's channel. */
  forChannel(row: DeliveryRow): { text: string; whole: boolean } {
    const all = this.frame(row);
    const whole = all.length <= CONTEXT_CHARACTERS;
    return { text: whole ? all : this.frameWithin(row, CONTEXT_CHARACTERS), whole };
  }

  /** Deliveries that nobody pushed yet and no call has in hand. */
  unpushed(label: string): DeliveryRow[] {
    return this.agent.mailroom.free(unpushed(this.agent.vault, label, MAX_MESSAGES));
  }

  /** Contact requests that are not in `told`, framed; from now on they are. */
  newRequests(told: Set<string>): string[] {
    const requests = this.agent.contacts.requests().filter(({ agentId }) => !told.has(agentId));
    return requests.slice(0, MAX_REQUESTS).map(({ agentId }) => {
      told.add(agentId);
      return frameContactRequest(agentId, senderName(this.agent, this.nameOf, agentId));
    });
  }

  /** It was written where the session reads: what stood whole in a hook's output is read. */
  async written(pushed: readonly Pushed[], label: string, now: number): Promise<void> {
    if (pushed.length === 0) return;
    const { vault } = this.agent;
    await vault.write(() => {
      for (const one of pushed) {
        this.owe(markPushed(vault, one, label, now), "pushed", now, label);
        if (one.by === "hook" && one.whole) {
          this.owe(markRead(vault, one.delivery, label, now), "read", now, label);
        }
      }
    });
    // What a channel pushed may be in the hands of a call at this moment: that is not the channel's.
    const held = pushed.filter(({ by }) => by !== "channel");
    this.agent.mailroom.unhand(held.map((one) => one.delivery));
    this.told(label);
  }

  /** What stands in a transcript where this message was offered, and nobody can write who was not there. */
  markOf(message: MessageName): string {
    return frameMark(this.delimiterOf(message));
  }

  /** The transcript shows them; `isFramed`: as they were offered. */
  async seen(found: readonly Seen[], label: string, now: number): Promise<void> {
    const { vault } = this.agent;
    await vault.write(() => {
      for (const { delivery, isWhole, isFramed } of found) {
        if (isWhole && isFramed)
          this.owe(markRead(vault, delivery, label, now), "read", now, label);
        this.owe(markSeen(vault, delivery, label, now), "seen", now, label);
      }
    });
    this.told(label);
  }

  private told(label: string): void {
    this.agent.mailroom.emit("owed");
    this.agent.emit("mail", [label], false);
    this.agent.emit("changed");
  }

  private owe(
    message: { id: string; direction: string; peer: string } | null,
    rung: "pushed" | "read" | "seen",
    at: number,
    label: string,
  ): void {
    if (message?.direction !== "in") return;
    oweReceipt(this.agent.vault, { peer: message.peer, messageId: message.id, rung, at, label });
  }

  /** As many as fit, oldest first; a first one that does not fit is cut. */
  private framed(
    rows: readonly DeliveryRow[],
    by: "hook" | "wake",
  ): { frames: string[]; pushed: Pushed[] } {
    const frames: string[] = [];
    const pushed: Pushed[] = [];
    let left = CONTEXT_CHARACTERS;
    for (const row of rows) {
      const whole = this.frame(row);
      const fits = whole.length <= left;
      if (!fits && frames.length > 0) break;
      frames.push(fits ? whole : this.frameWithin(row, left));
      pushed.push({ delivery: row.delivery, whole: fits, by });
      left -= whole.length;
    }
    return { frames, pushed };
  }

  /** Halved until it fits: characters that have to be shown by their names take more room. */
  private frameWithin(row: DeliveryRow, room: number): string {
    for (let limit = room; ; limit = Math.floor(limit / 2)) {
      const cut = this.frame(row, limit);
      if (cut.length <= room || limit === 0) return cut;
    }
  }

  private frame(row: DeliveryRow, limit = Infinity): string {
    const message = framedMessageOf(this.agent, this.nameOf, row);
    const rest = "inbox returns all of it";
    return frameMessage(message, this.delimiterOf(row), { limit, rest });
  }

  /**
   * The same each time, so that a transcript shows which message was offered there. No sender knows it
   * before the message is written, nor that of any other.
   */
  private delimiterOf({ peer, id }: MessageName): string {
    const bytes = createHmac("sha256", this.frameKey).update(`${peer} ${id}`).digest();
    return newDelimiter(bytes.subarray(0, 8));
  }
}

/** What a listening channel pushed after this is given time to arrive. */
function pushedBefore({ life }: Session, now: number): number {
  return life.hasChannel ? now - CHANNEL_GRACE_MS : now;
}
