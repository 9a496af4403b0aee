import { Inbox, type LucideIcon, UserPlus } from "lucide-react";
import type { Place } from "../../shared/model/place.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { samePlace } from "../stores/place.ts";
import { usePlace } from "../stores/place-store.ts";
import { sessionEntries } from "../stores/session-entries.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatCount, plural, shortId } from "../ui/format.ts";
import { NavButton } from "./nav-button.tsx";
import { RelayState } from "./relay-state.tsx";
import { SessionRow } from "./session-row.tsx";

/** An agent and, under it, its sessions in label order. */
export function AgentGroup(props: { agent: AgentSummary; place: Place }) {
  const { agent, place } = props;
  const go = usePlace((state) => state.go);
  const entries = sessionEntries(agent);
  const here: Place = { view: "agent", agentId: agent.cryptoId };
  return (
    <li>
      <NavButton
        testId={`agent-${agent.name}`}
        current={samePlace(place, here)}
        className="h-7"
        onClick={() => go(here)}
      >
        <span className="min-w-0 grow truncate font-semibold">{agent.name}</span>
        <Waiting icon={Inbox} count={agent.holds} what="held message" />
        <Waiting icon={UserPlus} count={agent.contactRequests.length} what="contact request" />
      </NavButton>
      <div className="flex h-6 items-center pr-2 pl-2">
        <span title={agent.cryptoId} className="font-mono text-xs text-muted">
          {shortId(agent.cryptoId)}
        </span>
        <CopyButton text={agent.cryptoId} what={`the cryptoId of ${agent.name}`} />
        <span className="grow" />
        <RelayState relay={agent.relay} testId={`relay-state-${agent.name}`} />
      </div>
      <ul className="mt-1 flex flex-col">
        {entries.map((entry) => (
          <li key={entry.label}>
            <SessionRow
              agent={agent}
              entry={entry}
              current={samePlace(place, {
                view: "session",
                agentId: agent.cryptoId,
                label: entry.label,
              })}
            />
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p className="px-2 py-1 text-sm text-muted">No session is live.</p>}
    </li>
  );
}

/** Something of this agent that waits for the person. */
function Waiting(props: { icon: LucideIcon; count: number; what: string }) {
  const { icon: Icon, count, what } = props;
  if (count === 0) return null;
  return (
    <span
      title={plural(count, what)}
      className="inline-flex shrink-0 items-center gap-1 text-xs font-semibold text-warn tabular-nums"
    >
      <Icon aria-hidden className="size-3.5" />
      {formatCount(count)}
      <span className="sr-only"> {count === 1 ? what : `${what}s`}</span>
    </span>
  );
}
