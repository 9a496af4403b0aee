import { unreachable } from "../../shared/errors/errors.ts";
import type { Place } from "../../shared/model/place.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { ActivityView } from "../activity/activity-view.tsx";
import { DraftsView } from "../composer/drafts-view.tsx";
import { ContactsView } from "../contacts/contacts-view.tsx";
import { ImportView } from "../import/import-view.tsx";
import { SessionView } from "../inboxes/session-view.tsx";
import { SearchView } from "../search/search-view.tsx";
import { useSearchKeys } from "../search/use-search-keys.ts";
import { AgentView } from "../sessions/agent-view.tsx";
import { NewAgentView } from "../sessions/new-agent-view.tsx";
import { Sidebar } from "../sessions/sidebar.tsx";
import { SettingsView } from "../settings/settings-view.tsx";
import { SetupView } from "../setup/setup-view.tsx";
import { placeKey, shownPlace } from "../stores/place.ts";
import { usePlace } from "../stores/place-store.ts";
import { UnroutedView } from "../triage/unrouted-view.tsx";
import { ToastLine } from "../ui/toast.tsx";

export function Workspace(props: { host: HostSnapshot }) {
  const chosen = usePlace((state) => state.chosen);
  const place = shownPlace(chosen, props.host);
  useSearchKeys(place);
  return (
    <div className="grid h-full grid-cols-[min(260px,42vw)_minmax(0,1fr)]">
      <Sidebar host={props.host} place={place} />
      <main className="@container relative flex h-full min-h-0 min-w-0 flex-col bg-canvas">
        <PlaceView key={placeKey(place)} place={place} />
        <ToastLine />
      </main>
    </div>
  );
}

function PlaceView({ place }: { place: Place }) {
  switch (place.view) {
    case "unrouted":
      return <UnroutedView {...place} />;
    case "drafts":
      return <DraftsView />;
    case "contacts":
      return <ContactsView />;
    case "settings":
      return <SettingsView />;
    case "activity":
      return <ActivityView />;
    case "setup":
      return <SetupView />;
    case "import":
      return <ImportView />;
    case "new-agent":
      return <NewAgentView />;
    case "agent":
      return <AgentView agentId={place.agentId} />;
    case "session":
      return <SessionView {...place} />;
    case "search":
      return <SearchView />;
    default:
      return unreachable(place);
  }
}
