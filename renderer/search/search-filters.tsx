import { useHost } from "../stores/host-store.ts";
import { useSearch, type Wanted } from "../stores/search-store.ts";
import { sessionEntries } from "../stores/session-entries.ts";
import { Select } from "../ui/field.tsx";

/** Where to look, and for which mail. */
export function SearchFilters() {
  const agents = useHost((state) => state.snapshot?.agents) ?? [];
  const { wanted, want } = useSearch();
  const scope = JSON.stringify([wanted.agentId, wanted.label].filter((part) => part !== undefined));
  const choose = (value: string) => {
    const [agentId, label] = JSON.parse(value) as string[];
    const { agentId: _agent, label: _label, ...rest } = wanted;
    want({
      ...rest,
      ...(agentId !== undefined && { agentId }),
      ...(label !== undefined && { label }),
    });
  };
  return (
    <div className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-6 py-1.5 text-sm">
      <Select
        aria-label="Where"
        data-testid="search-scope"
        className="h-7 max-w-52"
        value={scope}
        onChange={({ target }) => choose(target.value)}
      >
        <option value="[]">Everywhere</option>
        {agents.map((agent) => {
          const labels = new Set(sessionEntries(agent).map((entry) => entry.label));
          // A session that ended is still one whose mail can be searched.
          if (wanted.agentId === agent.cryptoId && wanted.label !== undefined) {
            labels.add(wanted.label);
          }
          return [
            <option key={agent.cryptoId} value={JSON.stringify([agent.cryptoId])}>
              {agent.name}
            </option>,
            ...[...labels].map((label) => (
              <option
                key={`${agent.cryptoId} ${label}`}
                value={JSON.stringify([agent.cryptoId, label])}
              >
                {agent.name} / {label}
              </option>
            )),
          ];
        })}
      </Select>
      <Select
        aria-label="Which way"
        data-testid="search-way"
        className="h-7"
        value={wanted.way ?? ""}
        onChange={({ target }) => want(withWay(wanted, target.value))}
      >
        <option value="">Received and sent</option>
        <option value="received">Received</option>
        <option value="sent">Sent</option>
      </Select>
      <label className="flex items-center gap-1.5">
        <input
          type="checkbox"
          data-testid="search-unread"
          checked={wanted.unread === true}
          onChange={({ target }) => want(withUnread(wanted, target.checked))}
        />
        Unread
      </label>
    </div>
  );
}

function withWay({ way: _, ...rest }: Wanted, value: string): Wanted {
  return value === "received" || value === "sent" ? { ...rest, way: value } : rest;
}

function withUnread({ unread: _, ...rest }: Wanted, unread: boolean): Wanted {
  return unread ? { ...rest, unread } : rest;
}
