import { join } from "node:path";
import { app } from "electron";
import type { WindowRequest } from "../../shared/channels/channels.ts";
import { unreachable } from "../../shared/errors/errors.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import type { CommandLine } from "../daemon/attach-command.ts";
import type { Host } from "../daemon/host.ts";
import { answerPermission } from "../daemon/permission-prompts.ts";
import { beginDraft, tidyDraft } from "../daemon/window/drafts.ts";
import { hostHandlers } from "../daemon/window/handlers.ts";
import { pauseAll } from "../daemon/window/settings.ts";
import { type HomePaths, homePaths } from "../platform/paths.ts";
import { systemTimers } from "../platform/timers.ts";
import { showBadge } from "./badge.ts";
import { ComposerWindows } from "./composer-windows.ts";
import { placeOfLink, SCHEME } from "./deep-link.ts";
import { answerWindows } from "./ipc.ts";
import { MainWindow } from "./main-window.ts";
import { Notifier } from "./notifier.ts";
import { openWithoutTray } from "./open-without-tray.ts";
import { becomeOwner, quitByPerson } from "./ownership.ts";
import { pluginHandlers } from "./plugin-handlers.ts";
import { Preferences } from "./preferences.ts";
import { raiseTerminal } from "./raise-terminal.ts";
import { setupHandlers } from "./setup.ts";
import { StartAtLogin } from "./start-at-login.ts";
import { AppTray } from "./tray.ts";
import { TrayHost } from "./tray-host.ts";
import { updateFeed } from "./updates/update-feed.ts";
import { Updates } from "./updates/updates.ts";

/** Changes are shown together, this often at most, in ms: a burst of mail is one redraw. */
const SHOW_EVERY_MS = 50;

export interface DesktopOptions {
  /** The data folder, when the command line named one. */
  readonly home: string | undefined;
  /** Where this build's `main/`, `preload/` and `renderer/` lie. */
  readonly folder: string;
  readonly icons: string;
  readonly commandLine: CommandLine;
  readonly hidden: boolean;
  /** A `tinyplace://` link it was started with. */
  readonly link: string | null;
  /** Started by a session that found no owner, not by a person. */
  readonly forSessions: boolean;
}

/** The desktop host: the same daemon as the headless one, with tray and window in front of it. */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  const paths = homePaths(options.home);
  // Chromium's own files stay within the data folder, so that two of them never share one.
  app.setPath("userData", join(paths.home, "chromium"));
  const served = await becomeOwner(paths, options);
  if (!served) return;
  const { host } = served;
  let show = !options.hidden;
  let link = options.link;
  // A second start may ask before there is a window, and so may macOS, which hands links over itself.
  const askedEarly = (named: string | null) => {
    show = true;
    link = named ?? link;
  };
  host.on("show", askedEarly);
  app.on("open-url", (event, url) => {
    event.preventDefault();
    host.emit("show", url);
  });
  await app.whenReady();
  const trayHost = await TrayHost.watch();
  const preferences = new Preferences(paths.preferences);
  const window = new MainWindow(options.folder, () => trayHost.present, preferences);
  const notifier = new Notifier(
    () =>
      preferences.notifications
        ? {
            told: preferences.told,
            looksAt: window.isFocused ? preferences.remembered.place : null,
          }
        : null,
    {
      open: (place) => window.showPlace(place),
      mute: (agentId) => {
        preferences.change({ told: { ...preferences.told, [agentId]: "alarms" } });
      },
    },
  );
  const login = new StartAtLogin(
    options.home === undefined && !process.env.TINYPLACE_HOME ? null : paths.home,
  );
  const preferred = () => ({
    startAtLogin: login.on,
    notifications: preferences.notifications,
    told: { ...preferences.told },
  });
  const composers = new ComposerWindows(options.folder, (id) => {
    // While the application ends nothing is written any more; the empty draft is not listed anyway.
    tidyDraft(host, id).catch(() => undefined);
  });
  const compose = async (from: WindowRequest<"composer.open">) => {
    composers.open(from.draftId ?? (await beginDraft(host, from)).id);
  };
  const tray = new AppTray(join(options.icons, "tray"), trayHost, (action) => {
    if (action.kind === "quit") quitByPerson(paths, "tray");
    else if (action.kind === "open") window.show();
    else if (action.kind === "place") window.showPlace(action.place);
    else if (action.kind === "compose") void compose({}).catch(() => window.show());
    else if (action.kind === "pause") void pauseAll(host, action.paused);
    else if (action.kind === "stop-answers") void host.responders.stopAll().catch(() => undefined);
    else if (action.kind === "permission") {
      // The agent may be locked by now.
      if (host.isOpen(action.agentId)) answerPermission(host.agent(action.agentId), action);
    } else if (action.kind === "start-at-login") {
      login.set(action.on);
      tray.update(host.snapshot(), login.on);
    } else unreachable(action);
  });
  const trayIs = openWithoutTray(systemTimers, () => window.showIfHidden());
  trayIs(trayHost.present);
  trayHost.on("changed", () => trayIs(trayHost.present));
  const stopShowing = showChanges(host, [window, composers], (snapshot) => {
    tray.update(snapshot, login.on);
    notifier.update(snapshot);
    showBadge(snapshot);
  });
  const updates = new Updates({
    feed: updateFeed(),
    setting: {
      isOn: () => preferences.updates,
      set: (on) => preferences.change({ updates: on }),
    },
    timers: systemTimers,
    changed: (view) => window.send("updates.changed", view),
  });
  answerWindows(
    {
      "host.snapshot": () => host.snapshot(),
      ...setupHandlers(host, options.commandLine, preferences),
      // The main window alone asks this, and asks it when it listens.
      "window.remembered": () => {
        window.pageListens();
        return preferences.remembered;
      },
      "session.raise": async ({ agentId, label }) => {
        const session = host.agent(agentId).sessions.get(label);
        if (!session) return { why: "This session is not live any more." };
        const done = await raiseTerminal(session.pid);
        return { why: done.raised ? null : done.why };
      },
      "composer.open": async (from) => {
        await compose(from);
        return {};
      },
      "desktop.preferences": preferred,
      "desktop.prefer": ({ startAtLogin, notifications, told }) => {
        if (startAtLogin !== undefined) login.set(startAtLogin);
        if (notifications !== undefined) preferences.change({ notifications });
        if (told !== undefined) preferences.change({ told });
        tray.update(host.snapshot(), login.on);
        return preferred();
      },
      ...updates.handlers,
      ...pluginHandlers({ paths, self: options.commandLine }),
      ...hostHandlers(host),
    },
    (id, url) => window.isOurs(id, url) || composers.isOurs(id, url),
  );
  endInOrder(paths, async () => {
    window.allowClose();
    updates.close();
    stopShowing();
    await served.close();
    tray.destroy();
    trayHost.close();
  });
  const showLink = (named: string | null) => {
    const place = named === null ? null : placeOfLink(named);
    if (place) window.showPlace(place);
    else window.show();
  };
  host.off("show", askedEarly);
  host.on("show", showLink);
  if (show) showLink(link);
  if (app.isPackaged) app.setAsDefaultProtocolClient(SCHEME);
}

type Shown = Pick<MainWindow, "send">;

/** Shows what is, and every change, until the returned function is called. */
function showChanges(
  host: Host,
  windows: readonly Shown[],
  inTray: (snapshot: HostSnapshot) => void,
): () => void {
  let cancel: (() => void) | null = null;
  inTray(host.snapshot());
  const changed = () => {
    cancel ??= systemTimers.after(SHOW_EVERY_MS, () => {
      cancel = null;
      const snapshot = host.snapshot();
      inTray(snapshot);
      for (const window of windows) window.send("host.changed", snapshot);
    });
  };
  const mail = (agentId: string, labels: readonly string[], holds: boolean) => {
    const event = { agentId, labels: [...labels], holds };
    for (const window of windows) window.send("mail.changed", event);
  };
  host.on("changed", changed);
  host.on("mail", mail);
  return () => {
    cancel?.();
    host.off("changed", changed);
    host.off("mail", mail);
  };
}

/** Quit waits until everything is on disk; a second signal does not cut it short. */
function endInOrder(paths: HomePaths, close: () => Promise<void>): void {
  let closing = false;
  app.on("before-quit", (event) => {
    event.preventDefault();
    if (closing) return;
    closing = true;
    void close().finally(() => app.exit(0));
  });
  // The tray keeps the application open without a window.
  app.on("window-all-closed", () => undefined);
  // Ctrl-C in its terminal is a person's; SIGTERM comes from a logout or a service manager.
  process.on("SIGINT", () => quitByPerson(paths, "terminal"));
  process.on("SIGTERM", () => app.quit());
}
