import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { triageCalls } from "../../../shared/channels/triage-calls.ts";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { DiscardedView, HoldView } from "../../../shared/model/snapshot.ts";
import { discardedHolds, type HoldRow, holds, UNDO_DISCARD_MS } from "../../vault/hold-table.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";

/** Discarded messages shown per agent: who looks for one further back has it in the session's mail. */
const MAX_DISCARDED = 200;

/** Held mail and what a person decides about it. */
export function triageHandlers(host: Host): WindowHandlers<keyof typeof triageCalls> {
  return {
    "holds.list": () => ({ holds: allHolds(host) }),
    "hold.assign": async ({ agentId, seq, label }) => {
      const agent = host.agents.get(agentId);
      requireLive(agent, label);
      if (!(await agent.mailroom.assign(seq, label))) throw notHeld();
      return {};
    },
    "hold.discard": async ({ agentId, seq }) => {
      if (!(await host.agents.get(agentId).mailroom.discard(seq))) throw notHeld();
      return {};
    },
    "hold.undiscard": async ({ agentId, seq }) => {
      if (await host.agents.get(agentId).mailroom.undiscard(seq)) return {};
      throw new TinyplaceError(
        "bad_request",
        "This message was not discarded, or longer than 30 days ago.",
        "Look into Unrouted: it may be held again already.",
      );
    },
    "discarded.list": () => ({ discarded: allDiscarded(host) }),
    "redirect.set": async ({ agentId, from, to }) => {
      if (from === to) {
        throw new TinyplaceError(
          "bad_request",
          `Mail for ${from} cannot be redirected to ${from} itself.`,
          "Choose another label.",
        );
      }
      const agent = host.agents.get(agentId);
      await agent.decided(agent.decisions.setRedirect(from, to));
      return {};
    },
    "redirect.remove": async ({ agentId, from }) => {
      const agent = host.agents.get(agentId);
      await agent.decided(agent.decisions.removeRedirect(from));
      return {};
    },
  };
}

/** Every hold of every agent, oldest first. */
function allHolds(host: Host): HoldView[] {
  return host.agents
    .list()
    .flatMap((agent) => holds(agent.vault).map((row) => holdView(host, agent, row)))
    .sort((a, b) => compare(a.heldAt, b.heldAt) || a.seq - b.seq);
}

function allDiscarded(host: Host): DiscardedView[] {
  return host.agents
    .list()
    .flatMap((agent) =>
      discardedHolds(agent.vault, host.clock.now(), MAX_DISCARDED).map((row) => ({
        ...holdView(host, agent, row),
        discardedAt: iso(row.discarded_at),
        undoUntil: iso(row.discarded_at + UNDO_DISCARD_MS),
      })),
    )
    .sort((a, b) => compare(b.discardedAt, a.discardedAt) || b.seq - a.seq);
}

function holdView(host: Host, agent: Agent, row: HoldRow): HoldView {
  return {
    seq: row.seq,
    agentId: agent.identity.cryptoId,
    agentName: agent.identity.name,
    id: row.id,
    from: row.peer,
    fromName: host.agents.nameOf(row.peer),
    fromSession: row.from_session,
    toSession: row.hold_to,
    reason: row.reason,
    text: row.text,
    heldAt: iso(row.held_at),
  };
}

function requireLive(agent: Agent, label: string): void {
  if (agent.sessions.get(label)) return;
  throw new TinyplaceError(
    "bad_label",
    `No live session of ${agent.identity.name} has the label ${label}.`,
    "Choose one of the live sessions; the list may have changed just now.",
  );
}

function notHeld(): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    "This message is not held any more.",
    "Look into the sessions' inboxes: it was delivered in the meantime.",
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
