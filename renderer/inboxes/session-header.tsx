import { Search, SquareTerminal } from "lucide-react";
import { errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary, SessionSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { Branch } from "../sessions/branch.tsx";
import { SessionState } from "../sessions/session-state.tsx";
import { usePlace } from "../stores/place-store.ts";
import { useToast } from "../stores/toast-store.ts";
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
          {session?.title && (
            <bdi className="pl-3 text-base font-normal text-muted">{session.title}</bdi>
          )}
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
          {session && (
            <Button
              look="quiet"
              data-testid="raise-terminal"
              title="Show its terminal"
              aria-label="Show its terminal"
              className="w-7 px-0"
              onClick={() => void raise(agent.cryptoId, props.label)}
            >
              <SquareTerminal aria-hidden className="size-4" />
            </Button>
          )}
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

/** Why it could not be shown is said; that it is shown, a person sees. */
async function raise(agentId: string, label: string): Promise<void> {
  const { show } = useToast.getState();
  try {
    const { why } = await call("session.raise", { agentId, label });
    if (why !== null) show(why);
  } catch (thrown) {
    show(errorView(thrown).error);
  }
}

/** Where there is little room, what a person knows it by comes first (rule S7). */
function SessionFacts({ session }: { session: SessionSummary }) {
  return (
    <>
      <span className="max-w-48 min-w-0 truncate" title={session.cwd}>
        {session.project}
      </span>
      {session.branch && <Branch name={session.branch} />}
      <span
        className="hidden shrink-0 tabular-nums @3xl:inline"
        title={`Live since ${formatMoment(session.startedAt)}`}
      >
        pid {session.pid}
      </span>
      <span title={session.cwd} className="path-tail hidden min-w-0 select-text @3xl:block">
        <bdi dir="ltr">{session.cwd}</bdi>
      </span>
    </>
  );
}
