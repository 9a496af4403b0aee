import type { AgentSummary, SessionSummary } from "../../shared/model/snapshot.ts";
import { usePlace } from "../stores/place-store.ts";
import type { SessionEntry } from "../stores/session-entries.ts";
import { classNames } from "../ui/class-names.ts";
import { UnreadBadge } from "../ui/unread-badge.tsx";
import { NavButton } from "./nav-button.tsx";
import { SessionState } from "./session-state.tsx";

/** A session of the sidebar: label and unread mail above, project and state below. */
export function SessionRow(props: { agent: AgentSummary; entry: SessionEntry; current: boolean }) {
  const { agent, entry } = props;
  const go = usePlace((state) => state.go);
  const session = entry.session;
  return (
    <NavButton
      testId={`session-${agent.name}-${entry.label}`}
      current={props.current}
      className="h-11"
      {...(session && { title: tip(session) })}
      onClick={() => go({ view: "session", agentId: agent.cryptoId, label: entry.label })}
    >
      <span className="flex min-w-0 grow flex-col">
        <span className="flex h-5 items-center gap-2">
          <span
            className={classNames(
              "min-w-0 grow truncate font-mono text-sm",
              entry.unread > 0 && "font-semibold",
              !session && "text-muted",
            )}
          >
            {entry.label}
          </span>
          <UnreadBadge
            count={entry.unread}
            dimmed={!session}
            testId={`unread-${agent.name}-${entry.label}`}
          />
        </span>
        <span className="flex h-4 items-center gap-2 text-xs text-muted">
          <bdi className="min-w-0 grow truncate">{session ? knownBy(session) : "Mail waits"}</bdi>
          <SessionState state={session ? session.state : "absent"} />
        </span>
      </span>
    </NavButton>
  );
}

/** Its title where it has one; else project and branch. */
function knownBy({ title, project, branch }: SessionSummary): string {
  return title ?? (branch === null ? project : `${project} · ${branch}`);
}

function tip({ title, cwd, branch }: SessionSummary): string {
  return [title, cwd, branch && `on ${branch}`].filter(Boolean).join("\n");
}
