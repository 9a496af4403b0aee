import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { usePlace } from "../stores/place-store.ts";
import { liveSessions } from "../stores/session-entries.ts";
import { UnreadBadge } from "../ui/unread-badge.tsx";
import { Branch } from "./branch.tsx";
import { SessionState } from "./session-state.tsx";

/** The live sessions with their folders; a row opens the session. */
export function AgentSessions({ agent }: { agent: AgentSummary }) {
  const go = usePlace((state) => state.go);
  const sessions = liveSessions(agent);
  if (sessions.length === 0) {
    return (
      <p className="text-muted">No session is live. Connect Claude Code below, then start one.</p>
    );
  }
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-md border border-line">
      {sessions.map((session) => (
        <li key={session.label}>
          <button
            type="button"
            className="flex h-9 w-full items-center gap-3 px-3 text-left hover:bg-hover"
            onClick={() => go({ view: "session", agentId: agent.cryptoId, label: session.label })}
          >
            <span className="w-28 shrink-0 truncate font-mono text-sm">{session.label}</span>
            <span title={session.cwd} className="path-tail min-w-0 grow text-sm text-muted">
              <bdi dir="ltr">{session.cwd}</bdi>
            </span>
            {session.branch && (
              <span className="flex shrink-0 text-sm text-muted">
                <Branch name={session.branch} />
              </span>
            )}
            <UnreadBadge count={session.unread} />
            <span className="flex w-18 shrink-0 items-center text-sm">
              <SessionState state={session.state} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
