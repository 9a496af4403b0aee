import { currentRung } from "../../../shared/model/ladder.ts";
import type { MessageView } from "../../../shared/model/snapshot.ts";
import { type ConversationRow, conversation } from "../../vault/mail-table.ts";
import { wayOf } from "../../vault/way.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";

/** Pages of a session's mail, as windows show it. */
export function inboxPage(
  host: Host,
  request: { agentId: string; label: string; before?: number | undefined; limit: number },
): { messages: MessageView[]; more: boolean } {
  const agent = host.agent(request.agentId);
  const before = request.before ?? Number.MAX_SAFE_INTEGER;
  const rows = conversation(agent.vault, request.label, before, request.limit + 1);
  const page = rows.slice(0, request.limit);
  return {
    messages: page.map((row) => messageView(host, agent, row, request.label)),
    more: rows.length > request.limit,
  };
}

function messageView(host: Host, agent: Agent, row: ConversationRow, label: string): MessageView {
  const mine = row.direction !== "in" && row.from_session === label;
  const way = mine ? wayOf(agent.vault, row) : null;
  return {
    seq: row.seq,
    id: row.id,
    direction: row.direction === "local" ? "local" : row.direction,
    peer: row.peer,
    peerName: host.nameOf(row.peer),
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

function iso(at: number): string {
  return new Date(at).toISOString();
}
