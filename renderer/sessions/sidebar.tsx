import {
  Activity,
  Inbox,
  PenLine,
  Plus,
  Rocket,
  Search,
  Settings,
  SquarePen,
  Users,
} from "lucide-react";
import type { Place } from "../../shared/model/place.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { compose } from "../composer/use-compose-key.ts";
import { countHolds } from "../stores/host-store.ts";
import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";
import { formatCount } from "../ui/format.ts";
import { walk } from "../ui/walk.ts";
import { AgentGroup } from "./agent-group.tsx";
import { HostLine } from "./host-line.tsx";
import { NavButton } from "./nav-button.tsx";
import { UnopenedGroup } from "./unopened-group.tsx";

export function Sidebar(props: { host: HostSnapshot; place: Place }) {
  const go = usePlace((state) => state.go);
  const setup = usePlace((state) => state.setup);
  const holds = countHolds(props.host);
  const requests = props.host.agents.reduce(
    (sum, agent) => sum + agent.contactRequests.length + agent.handleChanges.length,
    0,
  );
  const drafts = props.host.agents.reduce((sum, agent) => sum + agent.drafts, 0);
  return (
    <aside className="flex h-full min-h-0 flex-col border-r border-line bg-sidebar low:overflow-x-hidden low:overflow-y-auto">
      <div className="flex min-h-14 shrink-0 flex-wrap items-center border-b border-line pr-3 pl-4">
        <span className="grow text-lg font-semibold">tinyplace</span>
        <Button
          look="quiet"
          data-testid="new-agent"
          aria-current={props.place.view === "new-agent" ? "page" : undefined}
          onClick={() => go({ view: "new-agent" })}
        >
          <Plus aria-hidden className="size-3.5" />
          New agent
        </Button>
      </div>
      <nav
        aria-label="Agents and sessions"
        className="flex min-h-0 grow flex-col low:shrink-0"
        // Beside Tab, which also visits the copy buttons.
        onKeyDown={walk("[data-nav]")}
      >
        <div className="shrink-0 px-2 pt-2">
          {setup && (
            <NavButton
              testId="nav-setup"
              current={props.place.view === "setup"}
              className="h-8"
              onClick={() => go({ view: "setup" })}
            >
              <Rocket aria-hidden className="size-4 shrink-0 text-muted" />
              <span className="grow truncate">First steps</span>
            </NavButton>
          )}
          <NavButton
            testId="compose"
            current={false}
            className="h-8"
            title="New message (Ctrl+N)"
            onClick={() => compose({})}
          >
            <SquarePen aria-hidden className="size-4 shrink-0 text-accent" />
            <span className="grow truncate font-medium text-accent">New message</span>
          </NavButton>
          <NavButton
            testId="nav-search"
            current={props.place.view === "search"}
            className="h-8"
            title="Search all mail (Ctrl+K)"
            onClick={() => go({ view: "search" })}
          >
            <Search aria-hidden className="size-4 shrink-0 text-muted" />
            <span className="grow truncate">Search</span>
          </NavButton>
          <NavButton
            testId="nav-unrouted"
            current={props.place.view === "unrouted"}
            className="h-8"
            onClick={() => go({ view: "unrouted" })}
          >
            <Inbox aria-hidden className="size-4 shrink-0 text-muted" />
            <span className="grow truncate">Unrouted</span>
            <span
              className={holds === 0 ? "text-sm text-muted" : "text-sm font-semibold text-warn"}
            >
              <span data-testid="unrouted-count">{formatCount(holds)}</span>
              <span className="sr-only"> held</span>
            </span>
          </NavButton>
          <NavButton
            testId="nav-contacts"
            current={props.place.view === "contacts"}
            className="h-8"
            onClick={() => go({ view: "contacts" })}
          >
            <Users aria-hidden className="size-4 shrink-0 text-muted" />
            <span className="grow truncate">Contacts</span>
            {requests > 0 && (
              <span className="text-sm font-semibold text-warn">
                {formatCount(requests)}
                <span className="sr-only"> to decide</span>
              </span>
            )}
          </NavButton>
          {(drafts > 0 || props.place.view === "drafts") && (
            <NavButton
              testId="nav-drafts"
              current={props.place.view === "drafts"}
              className="h-8"
              onClick={() => go({ view: "drafts" })}
            >
              <PenLine aria-hidden className="size-4 shrink-0 text-muted" />
              <span className="grow truncate">Drafts</span>
              <span className="text-sm text-muted">{formatCount(drafts)}</span>
            </NavButton>
          )}
        </div>
        <ul className="flex min-h-0 grow flex-col gap-3 overflow-y-auto p-2 low:overflow-visible">
          {props.host.agents.map((agent) => (
            <AgentGroup key={agent.cryptoId} agent={agent} place={props.place} />
          ))}
          {props.host.unopened.map((agent) => (
            <UnopenedGroup key={agent.cryptoId} agent={agent} />
          ))}
        </ul>
      </nav>
      <div className="shrink-0 px-2 pb-2">
        <NavButton
          testId="nav-activity"
          current={props.place.view === "activity"}
          className="h-8"
          onClick={() => go({ view: "activity" })}
        >
          <Activity aria-hidden className="size-4 shrink-0 text-muted" />
          <span className="grow truncate">Activity</span>
        </NavButton>
        <NavButton
          testId="nav-settings"
          current={props.place.view === "settings"}
          className="h-8"
          onClick={() => go({ view: "settings" })}
        >
          <Settings aria-hidden className="size-4 shrink-0 text-muted" />
          <span className="grow truncate">Settings</span>
        </NavButton>
      </div>
      <HostLine host={props.host} />
    </aside>
  );
}
