import { app } from "electron";
import type { WindowRequest } from "../../shared/channels/channels.ts";
import { unreachable } from "../../shared/errors/errors.ts";
import { systemTimers } from "../../shared/pacing/timers.ts";
import { type Launch, noteDesktop } from "../bridge/owner-launches.ts";
import { answerPermission } from "../daemon/permission-prompts.ts";
import { serveHost } from "../daemon/serve-host.ts";
import { beginDraft, tidyDraft } from "../daemon/window/drafts.ts";
import { hostHandlers } from "../daemon/window/handlers.ts";
import { pauseAll } from "../daemon/window/settings.ts";
import { showBadge } from "./badge.ts";
import { ComposerWindows } from "./composer-windows.ts";
import { placeOfLink } from "./deep-link.ts";
import { answerWindows } from "./ipc.ts";
import { SCHEME } from "./link-words.ts";
import { MainWindow } from "./main-window.ts";
import { Notifier } from "./notifier.ts";
import { openWithoutTray } from "./open-without-tray.ts";
import { pluginHandlers } from "./plugin-handlers.ts";
import { Preferences } from "./preferences.ts";
import { raiseTerminal } from "./raise-terminal.ts";
import { setupHandlers } from "./setup.ts";
import { showChanges } from "./show-changes.ts";
import { StartAtLogin } from "./start-at-login.ts";
import type { DesktopStart } from "./start-desktop.ts";
import { updateFeed } from "./updates/update-feed.ts";
import { Updates } from "./updates/updates.ts";

/**
 * The desktop host: the same daemon as the headless one, with tray and window in front of it. Resolves
 * when it serves, with what closes it.
 */
export async function runDesktop(start: DesktopStart): Promise<() => Promise<void>> {
  const { options, paths, lock, tray, trayHost, requests, ending } = start;
  const { commandLine: program } = options;
  const served = await serveHost({ paths, lock, kind: "desktop", program });
  const { host } = served;
  // A second start may ask before there is a window.
  host.on("show", (link) => requests.ask(link));
  noteDesktop(paths, ownLaunch(options.folder));
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
  tray.answerWith((action) => {
    if (action.kind === "quit") void ending.byPerson("tray");
    else if (action.kind === "open") window.show();
    else if (action.kind === "place") window.showPlace(action.place);
    else if (action.kind === "compose") void compose({}).catch(() => window.show());
    else if (action.kind === "pause") void pauseAll(host, action.paused);
    else if (action.kind === "stop-answers") void host.responders.stopAll().catch(() => undefined);
    else if (action.kind === "permission") {
      // The agent may be locked by now.
      if (host.agents.isOpen(action.agentId))
        answerPermission(host.agents.get(action.agentId), action);
    } else if (action.kind === "start-at-login") {
      login.set(action.on);
      tray.update(host.snapshot(), login.on);
    } else unreachable(action);
  });
  const trayIs = openWithoutTray(systemTimers, () => window.showIfHidden());
  trayIs(trayHost.present);
  trayHost.on("changed", () => trayIs(trayHost.present));
  const stopShowing = showChanges(host, systemTimers, [window, composers], (snapshot) => {
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
      "window.remembered": () => ({ ...preferences.remembered, asked: window.pageListens() }),
      "session.raise": async ({ agentId, label }) => {
        const session = host.agents.get(agentId).sessions.get(label);
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
  if (!ending.began) {
    requests.answerWith((link) => {
      const place = link === null ? null : placeOfLink(link);
      if (place) window.showPlace(place);
      else window.show();
    });
  }
  if (app.isPackaged) app.setAsDefaultProtocolClient(SCHEME);
  return async () => {
    window.allowClose();
    updates.close();
    stopShowing();
    await served.close();
    tray.destroy();
    trayHost.close();
  };
}

/** Without these the executable may not run on this machine at all. */
const KEPT_SWITCHES = ["--no-sandbox", "--disable-gpu"];
/** The Node.js and the command line that stand beside an application that is not packaged. */
const KEPT_VARIABLES = ["TINYPLACE_NODE", "TINYPLACE_ENTRY"];

/** How a session starts this application again. */
function ownLaunch(folder: string): Launch {
  const kept = KEPT_VARIABLES.map((name) => [name, process.env[name]] as const);
  return {
    // An AppImage runs from a folder that is gone with it.
    executable: process.env.APPIMAGE ?? process.execPath,
    words: [...process.argv.filter((word) => KEPT_SWITCHES.includes(word)), folder],
    env: Object.fromEntries(kept.filter((pair): pair is [string, string] => Boolean(pair[1]))),
  };
}
