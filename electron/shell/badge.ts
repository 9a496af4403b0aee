import { app } from "electron";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";

let shown = 0;

/**
 * What waits for the person, on the application's icon in dock or launcher: macOS and Unity's. Other
 * desktops have no such place, and the tray's icon says it there.
 */
export function showBadge({ agents }: HostSnapshot): void {
  const waits = agents.reduce(
    (sum, { holds, contactRequests, handleChanges }) =>
      sum + holds + contactRequests.length + handleChanges.length,
    0,
  );
  if (waits === shown) return;
  shown = waits;
  app.setBadgeCount(waits);
}
