import type { WindowRequest, WindowResponse } from "../../../shared/channels/channels.ts";
import type { FoundMessage } from "../../../shared/model/mail.ts";
import type { FoundRow } from "../../vault/search-table.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";
import { messageView } from "./inbox.ts";

/** Searches one agent's mail or all agents': each answers its newest, and the newest of them all are shown. */
export async function findIn(
  host: Host,
  request: WindowRequest<"mail.find">,
): Promise<WindowResponse<"mail.find">> {
  const { agentId, before, limit, ...filter } = request;
  const agents = agentId === undefined ? host.agents.list() : [host.agents.get(agentId)];
  const rows = await Promise.all(
    agents.map(async (agent) => {
      const from = before?.[agent.identity.cryptoId] ?? Number.MAX_SAFE_INTEGER;
      const found = await agent.search.find(filter, { before: from, limit: limit + 1 });
      return found.map((row) => ({ agent, row }));
    }),
  );
  const newest = merged(rows);
  const shown = newest.slice(0, limit);
  const next = { ...before };
  for (const { agent, row } of shown) {
    const id = agent.identity.cryptoId;
    next[id] = Math.min(next[id] ?? row.seq, row.seq);
  }
  return {
    found: shown.map(({ agent, row }) => foundMessage(host, agent, row)),
    next: newest.length > limit ? next : null,
  };
}

/** The newest first, each agent's in its own order, which is what its cursor counts in. */
function merged<T extends { readonly row: FoundRow }>(lists: readonly (readonly T[])[]): T[] {
  const rest = lists.map((list) => [...list].reverse());
  const result: T[] = [];
  for (;;) {
    const heads = rest.filter((list) => list.length > 0);
    if (heads.length === 0) return result;
    const at = (list: readonly T[]) => list.at(-1)?.row.at ?? 0;
    const newest = heads.reduce((a, b) => (at(b) > at(a) ? b : a));
    result.push(newest.pop() as T);
  }
}

function foundMessage(host: Host, agent: Agent, row: FoundRow): FoundMessage {
  const sent = row.direction !== "in" && row.inbox === null;
  const label = sent ? row.from_session : row.inbox;
  return {
    agentId: agent.identity.cryptoId,
    agentName: agent.identity.name,
    label,
    place: placeOf(row, sent),
    message: messageView(host, agent, row, label),
  };
}

function placeOf(row: FoundRow, sent: boolean): FoundMessage["place"] {
  if (row.held) return "held";
  if (row.discarded) return "discarded";
  if (row.inbox !== null) return "inbox";
  return sent ? "sent" : "none";
}
