import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { paced } from "../../shared/pacing/paced.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Host } from "../daemon/host.ts";
import type { MainWindow } from "./main-window.ts";

/**
 * What changed is shown together with what follows from it, and 4 times a second in a burst of mail:
 * menus, windows and badges are drawn by the thread that also moves the mail. In ms.
 */
const SHOWN = { gatherMs: 50, restMs: 250 };
/** Whose mail changed is told at once, and in a burst this seldom. */
const TOLD = { gatherMs: 0, restMs: 50 };

type Shown = Pick<MainWindow, "send">;

/** Shows what is, and every change, until the returned function is called. */
export function showChanges(
  host: Pick<Host, "snapshot" | "on" | "off">,
  timers: Timers,
  windows: readonly Shown[],
  inTray: (snapshot: HostSnapshot) => void,
): () => void {
  inTray(host.snapshot());
  const shows = paced(timers, SHOWN, () => {
    const snapshot = host.snapshot();
    inTray(snapshot);
    for (const window of windows) window.send("host.changed", snapshot);
  });
  let changes = new Map<string, { labels: Set<string>; holds: boolean }>();
  const tells = paced(timers, TOLD, () => {
    const told = changes;
    changes = new Map();
    for (const [agentId, { labels, holds }] of told) {
      const event = { agentId, labels: [...labels], holds };
      for (const window of windows) window.send("mail.changed", event);
    }
  });
  const mail = (agentId: string, labels: readonly string[], holds: boolean) => {
    const change = changes.get(agentId) ?? { labels: new Set(), holds: false };
    for (const label of labels) change.labels.add(label);
    change.holds ||= holds;
    changes.set(agentId, change);
    tells.changed();
  };
  host.on("changed", shows.changed);
  host.on("mail", mail);
  return () => {
    shows.end();
    tells.end();
    host.off("changed", shows.changed);
    host.off("mail", mail);
  };
}
