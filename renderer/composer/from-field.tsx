import { useId } from "react";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { useComposer } from "../stores/composer-store.ts";
import { sessionEntries } from "../stores/session-entries.ts";
import { Field, Select } from "../ui/field.tsx";

/** In whose name: an agent, and the session that is to get the answers. */
export function FromField({ host }: { host: HostSnapshot }) {
  const id = useId();
  const draft = useComposer((state) => state.draft);
  const change = useComposer((state) => state.change);
  if (!draft) return null;
  const agent = host.agents.find((one) => one.cryptoId === draft.agentId);
  const labels = agent ? sessionEntries(agent).map((entry) => entry.label) : [];
  const known = draft.fromSession === null || labels.includes(draft.fromSession);
  return (
    <Field label="From" id={id}>
      <Select
        id={id}
        data-testid="from-agent"
        className="w-40 min-w-24"
        // An answer comes from the agent that holds the message.
        disabled={draft.answers !== null}
        value={draft.agentId}
        onChange={(event) => change({ agentId: event.target.value, fromSession: null })}
      >
        {host.agents.map((one) => (
          <option key={one.cryptoId} value={one.cryptoId}>
            {one.name}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Session that gets the answers"
        data-testid="from-session"
        className="grow"
        value={draft.fromSession ?? ""}
        onChange={(event) => change({ fromSession: event.target.value || null })}
      >
        <option value="">You: answers go where mail for any session goes</option>
        {!known && <option value={draft.fromSession ?? ""}>{draft.fromSession}</option>}
        {labels.map((label) => (
          <option key={label} value={label}>
            {label} gets the answers
          </option>
        ))}
      </Select>
    </Field>
  );
}
