import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ElectronApplication } from "playwright";
import { describe, expect, onTestFinished, test } from "vitest";
import { sandboxWords } from "../../electron/bridge/owner-launches.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { launchElectron, PATIENCE } from "../support/launch-electron.ts";
import { ended, HOSTS, ownedHome, ownerOf, STARTS } from "../support/owners.ts";
import { type BridgeClient, type Program, startBridge } from "../support/processes.ts";

/** The application as owner, with real Electron. Needs what `npm test` prepares. */
const executablePath = process.env.TINYPLACE_TEST_ELECTRON ?? "";
const folder = process.env.TINYPLACE_TEST_APP ?? "";
/** A bridge on the application's own executable, as an installed one runs. */
const installed: Program = {
  command: executablePath,
  words: [join(folder, "main", "cli.js")],
  env: { ELECTRON_RUN_AS_NODE: "1" },
};
const WITH_DISPLAY = { ...STARTS, DISPLAY: process.env.DISPLAY ?? "" };

const daemonOf = async (bridge: BridgeClient) =>
  (await bridge.call("whoami")).daemon as { pid: number; kind: string };

interface Desktop {
  readonly application: ElectronApplication;
  readonly pid: number;
  readonly closed: Promise<unknown>;
}

const desktopWords = (home: string) => [
  ...[...sandboxWords(), "--disable-gpu"],
  ...[folder, "--home", home],
];
const env = { ...(process.env as Record<string, string>), TINYPLACE_KEYSTORE: "file" };

async function openDesktop(home: string, ...words: string[]): Promise<Desktop> {
  const args = [...desktopWords(home), ...words];
  const application = await launchElectron({ executablePath, args, env });
  const child = application.process();
  const closed = new Promise((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await closed;
  });
  return { application, pid: child.pid as number, closed };
}

/** Clicks an entry of the tray's own menu, which is next given to the tray when the agents change. */
async function clickInTray(desktop: Desktop, bridge: BridgeClient, label: string): Promise<void> {
  await desktop.application.evaluate(({ Tray }, wanted) => {
    const set = Tray.prototype.setContextMenu;
    Tray.prototype.setContextMenu = function (menu) {
      set.call(this, menu);
      setImmediate(() => menu?.items.find((item) => item.label === wanted)?.click());
    };
  }, label);
  await bridge.call("wallet_create", { name: "changes the menu" });
}

describe("L4 L5 the application as owner", () => {
  test("L4 opened, it takes over from a daemon; L5 quit from its tray, it stays quit", async () => {
    const home = ownedHome();
    const paths = homePaths(home);
    const bridge = await startBridge(home, STARTS);
    const daemon = await daemonOf(bridge);
    expect(daemon.kind).toBe("headless");
    const desktop = await openDesktop(home);
    await desktop.application.firstWindow(PATIENCE);
    expect(await daemonOf(bridge)).toEqual({ pid: desktop.pid, kind: "desktop" });
    await ended(daemon.pid);

    await clickInTray(desktop, bridge, "Quit");
    await desktop.closed;
    expect(JSON.parse(readFileSync(paths.quitMark, "utf8"))).toMatchObject({ from: "tray" });
    const late = await startBridge(home, WITH_DISPLAY);
    for (const one of [bridge, late]) {
      expect(await one.call("wallet_list")).toMatchObject({ code: "host_quit" });
    }
    const again = await openDesktop(home, "--hidden");
    await expect.poll(() => ownerOf(home).catch(() => 0), { timeout: 60_000 }).toBe(again.pid);
    expect(existsSync(paths.quitMark)).toBe(false);
    expect(await daemonOf(late)).toEqual({ pid: again.pid, kind: "desktop" });
  });

  test("L2 a bridge starts the application hidden where it is installed, L4 which a second start shows", async () => {
    const home = ownedHome();
    const bridge = await startBridge(home, WITH_DISPLAY, installed);
    const { pid, kind } = await daemonOf(bridge);
    expect(kind).toBe("desktop");
    await bridge.close();
    // It lives on without its bridge, and a second start ends in its favour.
    const second = spawn(executablePath, desktopWords(home), { env, stdio: "ignore" });
    expect(await new Promise((resolve) => second.once("close", resolve))).toBe(0);
    expect(await ownerOf(home)).toBe(pid);
    process.kill(pid, "SIGTERM");
    await ended(pid);
    // Ended by a signal, not by a person: a bridge of any kind starts it again.
    const plain = await startBridge(home, WITH_DISPLAY);
    expect(await daemonOf(plain)).toMatchObject({ kind: "desktop" });
  });

  test("L2 the application's executable is the daemon without a display, and the bridge hosts on it", async () => {
    const [home, other] = [ownedHome(), ownedHome()];
    const starting = await startBridge(home, STARTS, installed);
    expect(await daemonOf(starting)).toMatchObject({ kind: "headless" });
    const hosting = await startBridge(other, HOSTS, installed);
    expect(await daemonOf(hosting)).toMatchObject({ kind: "bridge" });
  });
});
