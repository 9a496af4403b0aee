import type { AgentSummary, SessionSummary } from "../../shared/model/snapshot.ts";
import { SessionState } from "../sessions/session-state.tsx";
import { usePlace } from "../stores/place-store.ts";
import { formatMoment } from "../ui/format.ts";
import { PageHeader } from "../ui/page-header.tsx";

export function SessionHeader(props: {
  agent: AgentSummary;
  label: string;
  session: SessionSummary | undefined;
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
        <span className="flex items-center text-sm">
          <SessionState state={session ? session.state : "absent"} />
        </span>
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
