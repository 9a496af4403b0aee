import { TinyplaceError } from "../../shared/errors/errors.ts";
import { currentRung } from "../../shared/model/ladder.ts";
import type { HoldView, MessageView } from "../../shared/model/snapshot.ts";
import { holds } from "../vault/hold-table.ts";
import { type ConversationRow, conversation } from "../vault/mail-table.ts";
import { wayOf } from "../vault/way.ts";
import type { Agent } from "./agent.ts";
import type { Host } from "./host.ts";

/** What windows ask of the host, beyond the snapshot: pages of mail, holds, and a person's decisions. */
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

/** Every hold of every agent, oldest first. */
export function allHolds(host: Host): HoldView[] {
  return host
    .agents()
    .flatMap((agent) =>
      holds(agent.vault).map((row) => ({
        seq: row.seq,
        agentId: agent.identity.cryptoId,
        agentName: agent.identity.name,
        id: row.id,
        from: row.peer,
        fromName: host.nameOf(row.peer),
        fromSession: row.from_session,
        toSession: row.hold_to,
        reason: row.reason,
        text: row.text,
        heldAt: iso(row.held_at),
      })),
    )
    .sort((a, b) => (a.heldAt < b.heldAt ? -1 : a.heldAt > b.heldAt ? 1 : a.seq - b.seq));
}

export async function assignHold(
  host: Host,
  request: { agentId: string; seq: number; label: string },
): Promise<void> {
  const agent = host.agent(request.agentId);
  if (!agent.sessions.get(request.label)) {
    throw new TinyplaceError(
      "bad_label",
      `No live session of ${agent.identity.name} has the label ${request.label}.`,
      "Choose one of the live sessions; the list may have changed just now.",
    );
  }
  if (await agent.mailroom.assign(request.seq, request.label)) return;
  throw new TinyplaceError(
    "bad_request",
    "This message is not held any more.",
    "Look into the sessions' inboxes: it was delivered in the meantime.",
  );
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
