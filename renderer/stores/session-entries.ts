import { compareLabels } from "../../shared/labels/labels.ts";
import type { AgentSummary, SessionSummary } from "../../shared/model/snapshot.ts";

/** One line of the sidebar: a label with its live session, or without one while mail waits for it. */
export interface SessionEntry {
  readonly label: string;
  readonly unread: number;
  readonly session: SessionSummary | null;
}

/** Live sessions and labels with waiting mail, in label order (rule R6). */
export function sessionEntries(agent: AgentSummary): SessionEntry[] {
  const live = agent.sessions.map((session) => ({
    label: session.label,
    unread: session.unread,
    session,
  }));
  const taken = new Set(live.map((entry) => entry.label));
  const absent = agent.absent
    .filter((entry) => entry.unread > 0 && !taken.has(entry.label))
    .map((entry) => ({ label: entry.label, unread: entry.unread, session: null }));
  return [...live, ...absent].sort((a, b) => compareLabels(a.label, b.label));
}

export function liveSessions(agent: AgentSummary): SessionSummary[] {
  return [...agent.sessions].sort((a, b) => compareLabels(a.label, b.label));
}
