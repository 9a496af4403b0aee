import { join } from "node:path";
import { app, dialog } from "electron";
import { errorView } from "../../shared/errors/errors.ts";
import { startSocketServer } from "../bridge/socket-server.ts";
import { attachCommand } from "../daemon/attach-command.ts";
import { Host } from "../daemon/host.ts";
import { allHolds, assignHold, inboxPage } from "../daemon/window-api.ts";
import { passphraseOfEnvironment } from "../platform/passphrase-file.ts";
import { homePaths } from "../platform/paths.ts";
import { systemTimers } from "../platform/timers.ts";
import { systemKeychain } from "../vault/keychain.ts";
import { answerWindows } from "./ipc.ts";
import { MainWindow } from "./main-window.ts";
import { openWithoutTray } from "./open-without-tray.ts";
import { AppTray } from "./tray.ts";
import { TrayHost } from "./tray-host.ts";
import type { TrayAction } from "./tray-menu.ts";

/** Changes are shown together, this often at most, in ms: a burst of mail is one redraw. */
const SHOW_EVERY_MS = 50;

export interface DesktopOptions {
  /** The data folder, when the command line named one. */
  readonly home: string | undefined;
  /** Where this build's `main/`, `preload/` and `renderer/` lie. */
  readonly folder: string;
  readonly icons: string;
  /** What a terminal runs as `tinyplace`. */
  readonly commandLine: { executable: string; entry: string; isElectron: boolean };
  readonly hidden: boolean;
}

/** The desktop host: the same daemon as the headless one, with tray and window in front of it. */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  const paths = homePaths(options.home);
  // Chromium's own files stay within the data folder, so that two of them never share one.
  app.setPath("userData", join(paths.home, "chromium"));
  // Started again, it shows the window of the one that runs.
  if (!app.requestSingleInstanceLock({ hidden: options.hidden })) return app.exit(0);
  await app.whenReady();
  const trayHost = await TrayHost.watch();
  let host: Host;
  try {
    const keychain = await systemKeychain();
    const relayUrl = process.env.TINYPLACE_API_URL;
    const relay = relayUrl ? { relayUrl } : {};
    const passphrase = passphraseOfEnvironment;
    host = await Host.start({ paths, kind: "desktop", keychain, passphrase, ...relay });
  } catch (error) {
    const view = errorView(error);
    process.stderr.write(`${view.error}\n${view.next}\n`);
    if (!options.hidden)
      dialog.showErrorBox("tinyplace cannot start", `${view.error}\n\n${view.next}`);
    return app.exit(1);
  }
  const socket = await startSocketServer({ paths, host });
  const window = new MainWindow(options.folder, () => trayHost.present);
  const tray = new AppTray(join(options.icons, "tray"), trayHost, (action) => act(action, window));
  const trayIs = openWithoutTray(systemTimers, () => window.showIfHidden());
  trayIs(trayHost.present);
  trayHost.on("changed", () => trayIs(trayHost.present));
  app.on("second-instance", (_event, _words, _folder, again) => {
    if (!(again as { hidden: boolean }).hidden) window.show();
  });
  const stopShowing = showChanges(host, window, tray);
  answerWindows(
    {
      "host.snapshot": () => {
        window.pageListens();
        return host.snapshot();
      },
      "host.attach-command": () => ({
        command: attachCommand(options.commandLine, paths.home),
      }),
      "agent.create": async ({ name }) => (await host.createAgent(name)).summary(),
      "inbox.list": (request) => inboxPage(host, request),
      "holds.list": () => ({ holds: allHolds(host) }),
      "hold.assign": async (request) => {
        await assignHold(host, request);
        return {};
      },
      "agent.move-here": async ({ agentId }) => {
        await host.agent(agentId).moveHere();
        return {};
      },
      "contact.accept": async ({ agentId, requester }) => {
        await host.agent(agentId).contacts.accept(requester);
        return {};
      },
    },
    (id, url) => window.isOurs(id, url),
  );
  endInOrder(async () => {
    window.allowClose();
    stopShowing();
    await socket.close();
    await host.close();
    tray.destroy();
    trayHost.close();
  });
  if (!options.hidden) window.show();
}

function act(action: TrayAction, window: MainWindow): void {
  if (action.kind === "quit") app.quit();
  else if (action.kind === "open") window.show();
  else window.showPlace(action.place);
}

/** Shows what is, and every change, until the returned function is called. */
function showChanges(host: Host, window: MainWindow, tray: AppTray): () => void {
  let cancel: (() => void) | null = null;
  tray.update(host.snapshot());
  const changed = () => {
    cancel ??= systemTimers.after(SHOW_EVERY_MS, () => {
      cancel = null;
      const snapshot = host.snapshot();
      tray.update(snapshot);
      window.send("host.changed", snapshot);
    });
  };
  const mail = (agentId: string, labels: readonly string[], holds: boolean) => {
    window.send("mail.changed", { agentId, labels: [...labels], holds });
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
function endInOrder(close: () => Promise<void>): void {
  let closing = false;
  app.on("before-quit", (event) => {
    event.preventDefault();
    if (closing) return;
    closing = true;
    void close().finally(() => app.exit(0));
  });
  // The tray keeps the application open without a window.
  app.on("window-all-closed", () => undefined);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => app.quit());
}
