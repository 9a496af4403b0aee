import { Search } from "lucide-react";
import type { AgentSummary, SessionSummary } from "../../shared/model/snapshot.ts";
import { SessionState } from "../sessions/session-state.tsx";
import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";
import { formatMoment } from "../ui/format.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { Switcher } from "../ui/switcher.tsx";

const MAIL = [
  { value: "all", text: "All" },
  { value: "unread", text: "Unread" },
] as const;

export function SessionHeader(props: {
  agent: AgentSummary;
  label: string;
  session: SessionSummary | undefined;
  /** Whether only unread mail is shown. */
  unread: boolean;
  onUnread: (unread: boolean) => void;
}) {
  const { agent, session } = props;
  const go = usePlace((state) => state.go);
  return (
    <PageHeader
      title={
        <>
          <button
            type="button"
            className="rounded hover:underline"
            onClick={() => go({ view: "agent", agentId: agent.cryptoId })}
          >
            {agent.name}
          </button>
          <span className="px-1.5 font-normal text-muted">/</span>
          <span className="font-mono text-base">{props.label}</span>
        </>
      }
      detail={
        session ? (
          <SessionFacts session={session} />
        ) : (
          <span className="truncate">Mail for this label waits until a session takes it</span>
        )
      }
      actions={
        <>
          <span className="flex items-center text-sm">
            <SessionState state={session ? session.state : "absent"} />
          </span>
          <Switcher
            label="Which mail"
            options={MAIL}
            value={props.unread ? "unread" : "all"}
            onChange={(value) => props.onUnread(value === "unread")}
          />
          <Button
            look="quiet"
            data-testid="search-here"
            title="Search this session's mail (Ctrl+F)"
            aria-label="Search this session's mail"
            className="w-7 px-0"
            onClick={() => go({ view: "search", agentId: agent.cryptoId, label: props.label })}
          >
            <Search aria-hidden className="size-4" />
          </Button>
        </>
      }
    />
  );
}

function SessionFacts({ session }: { session: SessionSummary }) {
  return (
    <>
      <span className="max-w-48 min-w-0 truncate">{session.project}</span>
      <span
        className="shrink-0 tabular-nums"
        title={`Live since ${formatMoment(session.startedAt)}`}
      >
        pid {session.pid}
      </span>
      <span title={session.cwd} className="path-tail min-w-0 select-text">
        <bdi dir="ltr">{session.cwd}</bdi>
      </span>
    </>
  );
}
