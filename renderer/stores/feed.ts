import { on } from "../bridge/bridge.ts";
import { useConversations } from "./conversation-store.ts";
import { useHolds } from "./holds-store.ts";
import { useHost } from "./host-store.ts";
import { useMail } from "./mail-store.ts";
import { usePlace } from "./place-store.ts";

/**
 * Connects the stores to the daemon: listens first, then asks for the snapshot, so that no change
 * falls between the two. The returned function disconnects.
 */
export function startFeed(): () => void {
  const ends: (() => void)[] = [];
  try {
    ends.push(on("host.changed", (snapshot) => useHost.getState().apply(snapshot)));
    ends.push(on("mail.changed", mailChanged));
    ends.push(on("window.missed", askAnew));
    ends.push(on("window.navigate", (place) => usePlace.getState().go(place)));
  } catch (thrown) {
    useHost.getState().fail(thrown);
    return () => {};
  }
  void usePlace.getState().load();
  void useHost.getState().load();
  return () => {
    for (const end of ends) end();
  };
}

/** After a time out of sight. */
function askAnew(): void {
  void useHost.getState().load();
  const { shown, refresh } = useMail.getState();
  if (shown) void refresh(shown);
  useConversations.getState().refresh();
  const holds = useHolds.getState();
  if (holds.holds !== null) void holds.load();
}

/** Only what is on screen, or was fetched before, is fetched again. */
function mailChanged(event: { agentId: string; labels: string[]; holds: boolean }): void {
  const { shown, changed } = useMail.getState();
  if (shown?.agentId === event.agentId && event.labels.includes(shown.label)) {
    changed();
    useConversations.getState().refresh();
  }
  const holds = useHolds.getState();
  if (event.holds && holds.holds !== null) void holds.load();
}
