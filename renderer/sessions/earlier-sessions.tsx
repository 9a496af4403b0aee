import { useEffect, useState } from "react";
import type { WindowResponse } from "../../shared/channels/channels.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { usePlace } from "../stores/place-store.ts";
import { formatAge, formatMoment } from "../ui/format.ts";
import { walk } from "../ui/walk.ts";
import { Section } from "./section.tsx";

type Earlier = WindowResponse<"inbox.earlier">["labels"];

/** Sessions that ended: their mail is still there to read. */
export function EarlierSessions({ agent }: { agent: AgentSummary }) {
  const go = usePlace((state) => state.go);
  const [labels, setLabels] = useState<Earlier>([]);
  const agentId = agent.cryptoId;
  const live = agent.sessions.map(({ label }) => label).join(" ");
  // Asked again when a session begins or ends, and when mail that one left unread was held or given on.
  // Without an answer nothing is listed: no harm is done.
  useEffect(() => {
    void [live, agent.holds];
    call("inbox.earlier", { agentId }).then(
      (answer) => setLabels(answer.labels),
      () => undefined,
    );
  }, [agentId, live, agent.holds]);
  if (labels.length === 0) return null;
  return (
    <Section title="Earlier sessions" note="Their mail can still be read.">
      <ul
        onKeyDown={walk("[data-earlier]")}
        className="divide-y divide-line overflow-hidden rounded-md border border-line"
      >
        {labels.map(({ label, last }) => (
          <li key={label}>
            <button
              type="button"
              data-earlier
              data-testid={`earlier-${label}`}
              className="flex h-9 w-full items-center gap-3 px-3 text-left hover:bg-hover"
              onClick={() => go({ view: "session", agentId, label })}
            >
              <span className="min-w-0 grow truncate font-mono text-sm">{label}</span>
              <time
                dateTime={last}
                title={formatMoment(last)}
                className="shrink-0 text-sm text-muted tabular-nums"
              >
                {formatAge(last, new Date())}
              </time>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
