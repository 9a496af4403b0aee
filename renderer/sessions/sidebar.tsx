import { Inbox, Plus } from "lucide-react";
import type { KeyboardEvent } from "react";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { countHolds } from "../stores/host-store.ts";
import type { Place } from "../stores/place.ts";
import { usePlace } from "../stores/place-store.ts";
import { formatCount } from "../ui/format.ts";
import { AgentGroup } from "./agent-group.tsx";
import { HostLine } from "./host-line.tsx";
import { NavButton } from "./nav-button.tsx";

export function Sidebar(props: { host: HostSnapshot; place: Place }) {
  const go = usePlace((state) => state.go);
  const holds = countHolds(props.host);
  return (
    <aside className="flex h-full min-h-0 flex-col border-r border-line bg-sidebar">
      <div className="flex h-14 shrink-0 items-center border-b border-line px-4 text-lg font-semibold">
        tinyplace
      </div>
      <nav
        aria-label="Agents and sessions"
        className="min-h-0 grow overflow-y-auto px-2 py-2"
        onKeyDown={moveFocus}
      >
        <NavButton
          testId="nav-unrouted"
          current={props.place.view === "unrouted"}
          className="h-8"
          onClick={() => go({ view: "unrouted" })}
        >
          <Inbox aria-hidden className="size-4 shrink-0 text-muted" />
          <span className="grow truncate">Unrouted</span>
          <span
            data-testid="unrouted-count"
            className={holds === 0 ? "text-sm text-muted" : "text-sm font-semibold text-warn"}
          >
            {formatCount(holds)}
            <span className="sr-only"> held</span>
          </span>
        </NavButton>
        <ul className="mt-2 flex flex-col gap-3">
          {props.host.agents.map((agent) => (
            <AgentGroup key={agent.cryptoId} agent={agent} place={props.place} />
          ))}
        </ul>
        <NavButton
          testId="new-agent"
          current={props.place.view === "new-agent"}
          className="mt-3 h-8 text-muted"
          onClick={() => go({ view: "new-agent" })}
        >
          <Plus aria-hidden className="size-4 shrink-0" />
          New agent
        </NavButton>
      </nav>
      <HostLine host={props.host} />
    </aside>
  );
}

/** Arrow keys walk the entries, beside Tab, which also visits the copy buttons. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-nav]")];
  const index = entries.indexOf(document.activeElement as HTMLElement);
  if (index < 0) return;
  event.preventDefault();
  entries[index + step]?.focus();
}
