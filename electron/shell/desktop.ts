import { join } from "node:path";
import { app, dialog } from "electron";
import { errorView } from "../../shared/errors/errors.ts";
import { startSocketServer } from "../bridge/socket-server.ts";
import { attachCommand } from "../daemon/attach-command.ts";
import { Host } from "../daemon/host.ts";
import { allHolds, assignHold, inboxPage } from "../daemon/window-api.ts";
import { homePaths } from "../platform/paths.ts";
import { systemKeychain } from "../vault/keychain.ts";
import { answerWindows } from "./ipc.ts";
import { MainWindow } from "./main-window.ts";
import { AppTray } from "./tray.ts";
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
  await app.whenReady();
  let host: Host;
  try {
    const keychain = await systemKeychain();
    const relayUrl = process.env.TINYPLACE_API_URL;
    const relay = relayUrl ? { relayUrl } : {};
    host = await Host.start({ paths, kind: "desktop", keychain, ...relay });
  } catch (error) {
    const view = errorView(error);
    process.stderr.write(`${view.error}\n${view.next}\n`);
    if (!options.hidden)
      dialog.showErrorBox("tinyplace cannot start", `${view.error}\n\n${view.next}`);
    return app.exit(1);
  }
  const socket = await startSocketServer({ paths, host });
  const window = new MainWindow(options.folder);

  const act = (action: TrayAction) => {
    if (action.kind === "quit") return app.quit();
    window.show();
    if (action.kind === "unrouted") window.send("window.navigate", { view: "unrouted" });
    if (action.kind === "session") {
      const { agentId, label } = action;
      window.send("window.navigate", { view: "agent", agentId, label });
    }
  };
  const tray = new AppTray(options.icons, act);
  tray.update(host.snapshot());
  showChanges(host, window, tray);
  answerWindows(
    {
      "host.snapshot": () => host.snapshot(),
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
        await host.agent(agentId).acceptContact(requester);
        return {};
      },
    },
    (id, url) => window.isOurs(id, url),
  );
  endInOrder(async () => {
    window.allowClose();
    await socket.close();
    await host.close();
    tray.destroy();
  });
  if (!options.hidden) window.show();
}

function showChanges(host: Host, window: MainWindow, tray: AppTray): void {
  let pending = false;
  host.on("changed", () => {
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      const snapshot = host.snapshot();
      tray.update(snapshot);
      window.send("host.changed", snapshot);
    }, SHOW_EVERY_MS);
  });
  host.on("mail", (agentId, labels, holds) => {
    window.send("mail.changed", { agentId, labels: [...labels], holds });
  });
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
