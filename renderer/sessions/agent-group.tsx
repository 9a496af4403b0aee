import { UserPlus } from "lucide-react";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { type Place, samePlace } from "../stores/place.ts";
import { usePlace } from "../stores/place-store.ts";
import { sessionEntries } from "../stores/session-entries.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { plural, shortId } from "../ui/format.ts";
import { NavButton } from "./nav-button.tsx";
import { RelayState } from "./relay-state.tsx";
import { SessionRow } from "./session-row.tsx";

/** An agent and, under it, its sessions in label order. */
export function AgentGroup(props: { agent: AgentSummary; place: Place }) {
  const { agent, place } = props;
  const go = usePlace((state) => state.go);
  const entries = sessionEntries(agent);
  const requests = agent.contactRequests.length;
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
        {requests > 0 && (
          <span
            title={plural(requests, "contact request")}
            className="inline-flex shrink-0 items-center gap-1 text-xs font-semibold text-warn"
          >
            <UserPlus aria-hidden className="size-3.5" />
            {requests}
            <span className="sr-only">
              {" "}
              {requests === 1 ? "contact request" : "contact requests"}
            </span>
          </span>
        )}
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
