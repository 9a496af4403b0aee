import type { Place } from "../../shared/model/place.ts";
import type { AgentSummary, HostSnapshot } from "../../shared/model/snapshot.ts";
import { sessionEntries } from "./session-entries.ts";

/**
 * The place to show for what the person chose, if it still exists; else the nearest one that does.
 * A session stays shown after it ended: its mail is still there to read.
 */
export function shownPlace(chosen: Place | null, snapshot: HostSnapshot): Place {
  if (chosen && chosen.view !== "agent" && chosen.view !== "session") return chosen;
  if (chosen && snapshot.agents.some((agent) => agent.cryptoId === chosen.agentId)) return chosen;
  return firstPlace(snapshot.agents);
}

function firstPlace(agents: readonly AgentSummary[]): Place {
  for (const agent of agents) {
    const first = sessionEntries(agent)[0];
    if (first) return { view: "session", agentId: agent.cryptoId, label: first.label };
  }
  const agent = agents[0];
  return agent ? { view: "agent", agentId: agent.cryptoId } : { view: "new-agent" };
}

export function samePlace(a: Place, b: Place): boolean {
  return placeKey(a) === placeKey(b);
}

/** A text that is equal for equal places; the separator cannot stand in a cryptoId or a label. */
export function placeKey(place: Place): string {
  switch (place.view) {
    case "session":
      return `session ${place.agentId} ${place.label}`;
    case "agent":
      return `agent ${place.agentId}`;
    default:
      return place.view;
  }
}
