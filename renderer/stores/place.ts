import type { AgentSummary, HostSnapshot } from "../../shared/model/snapshot.ts";
import { sessionEntries } from "./session-entries.ts";

/** What the right-hand side shows. Kept apart from the snapshot: a person's choice, not daemon state. */
export type Place =
  | { view: "unrouted" }
  | { view: "drafts" }
  | { view: "contacts" }
  | { view: "activity" }
  | { view: "settings" }
  | { view: "new-agent" }
  | { view: "agent"; agentId: string }
  | { view: "session"; agentId: string; label: string };

/**
 * The place to show for what the person chose, if it still exists; else the nearest one that does.
 * A session stays shown after it ended: its mail is still there to read.
 */
export function shownPlace(chosen: Place | null, snapshot: HostSnapshot): Place {
  if (chosen && !("agentId" in chosen)) return chosen;
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

/** The place a tray or notification click asks for. */
export function placeOfNavigation(event: {
  view: "agent" | "unrouted";
  agentId?: string | undefined;
  label?: string | undefined;
}): Place | null {
  if (event.view === "unrouted") return { view: "unrouted" };
  if (event.agentId === undefined) return null;
  if (event.label === undefined) return { view: "agent", agentId: event.agentId };
  return { view: "session", agentId: event.agentId, label: event.label };
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
