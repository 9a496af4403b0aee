import type {
  WindowHandlers,
  WindowRequest,
  WindowResponse,
} from "../../../shared/channels/channels.ts";
import type { mailCalls } from "../../../shared/channels/mail-calls.ts";
import { currentRung } from "../../../shared/model/ladder.ts";
import type { ConversationView } from "../../../shared/model/mail.ts";
import type { MessageView } from "../../../shared/model/snapshot.ts";
import {
  type ConversationRow,
  conversation,
  labelsWithMail,
  type TurnRow,
  turns,
} from "../../vault/mail-table.ts";
import { readPeer } from "../../vault/peer-table.ts";
import { verifiedPeers } from "../../vault/verified-table.ts";
import { wayOf } from "../../vault/way.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";
import { findIn } from "./search.ts";

/** Conversations are those of this many last messages: whoever looks further back searches. */
const TURNS = 2000;

export function mailHandlers(host: Host): WindowHandlers<keyof typeof mailCalls> {
  return {
    "inbox.list": (request) => inboxPage(host, request),
    "inbox.conversations": ({ agentId, label }) => ({
      conversations: conversations(host, host.agents.get(agentId), label),
    }),
    "inbox.earlier": ({ agentId }) => ({ labels: earlier(host.agents.get(agentId)) }),
    "mail.find": (request) => findIn(host, request),
  };
}

/** Pages of a session's mail, as windows show it. */
export function inboxPage(
  host: Host,
  request: WindowRequest<"inbox.list">,
): WindowResponse<"inbox.list"> {
  const agent = host.agents.get(request.agentId);
  const { label, before } = request;
  const read = (below: number, limit: number) =>
    conversation(agent.vault, label, below, limit, request);
  const rows = read(before ?? Number.MAX_SAFE_INTEGER, request.limit + 1);
  const page = rows.slice(0, request.limit);
  return {
    messages: page.map((row) => messageView(host, agent, row, label)),
    more: rows.length > request.limit,
    newer: before !== undefined && (read(Number.MAX_SAFE_INTEGER, 1)[0]?.seq ?? 0) >= before,
  };
}

/** @param label the session whose mail it is; null for what was sent as no session */
export function messageView(
  host: Host,
  agent: Agent,
  row: ConversationRow,
  label: string | null,
): MessageView {
  const mine = row.direction !== "in" && row.from_session === label;
  const way = mine ? wayOf(agent.vault, row) : null;
  return {
    seq: row.seq,
    id: row.id,
    direction: row.direction === "local" ? "local" : row.direction,
    peer: row.peer,
    peerName: host.agents.nameOf(row.peer),
    fromSession: row.from_session,
    toSession: row.to_session,
    inReplyTo: row.in_reply_to,
    role: row.role,
    text: row.text,
    auto: row.auto === 1,
    late: row.late === 1,
    suite: row.suite,
    sentAt: row.sent_at,
    at: iso(row.at),
    readAt: row.delivery_read_at === null ? null : iso(row.delivery_read_at),
    rung: way && currentRung(way.ladder),
    ladder: way?.ladder ?? [],
    problem: way?.problem ?? null,
  };
}

function earlier(agent: Agent): { label: string; last: string }[] {
  return labelsWithMail(agent.vault)
    .filter(({ label }) => agent.sessions.get(label) === null)
    .sort((a, b) => b.last - a.last)
    .map(({ label, last }) => ({ label, last: iso(last) }));
}

function conversations(host: Host, agent: Agent, label: string): ConversationView[] {
  const found = new Map<string, { last: TurnRow; sent: boolean; unread: number }>();
  for (const turn of turns(agent.vault, label, TURNS)) {
    const sent = turn.direction !== "in" && turn.from_session === label;
    const key = turn.direction === "local" ? `here ${otherOf(turn, sent)}` : turn.peer;
    const known = found.get(key);
    if (known) known.unread += turn.unread;
    else found.set(key, { last: turn, sent, unread: turn.unread });
  }
  const verified = verifiedPeers(agent.vault);
  return [...found.values()].map(({ last, sent, unread }) => {
    const local = last.direction === "local";
    const verifiedAt = verified.get(last.peer);
    return {
      peer: last.peer,
      peerName: host.agents.nameOf(last.peer),
      ...(local && { other: otherOf(last, sent) }),
      start: last.start,
      at: iso(last.at),
      sent,
      unread,
      suite: local ? null : readPeer(agent.vault, last.peer).suite,
      verifiedAt: verifiedAt === undefined ? null : iso(verifiedAt),
    };
  });
}

function otherOf(turn: TurnRow, sent: boolean): string | null {
  return sent ? turn.to_session : turn.from_session;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
