import { existsSync, readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { startSocketServer } from "../../electron/bridge/socket-server.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { acquireOwnerLock } from "../../electron/vault/owner-lock.ts";
import { beginApplication, runApplication, startApplication } from "../support/application.ts";
import { startHost } from "../support/host.ts";
import { ownerOf } from "../support/owners.ts";
import { newItems, registeredItems, startPanel } from "../support/panel.ts";
import { colourAt, keepPicture, xdotool } from "../support/screen.ts";
import { startSessionBus } from "../support/session-bus.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { TrayItem } from "../support/tray-item.ts";

/** The application while it starts, on a D-Bus session of the test alone, with a real panel. */
const WAIT = { timeout: 60_000, interval: 50 };
const STARTING = ["Starting…", "", "Open tinyplace", "", "Quit"];

async function desktopSession() {
  const bus = await startSessionBus();
  onTestFinished(() => bus.close());
  const panel = await startPanel(bus);
  onTestFinished(() => panel.close());
  return bus;
}

/** A host with one agent, which promises the data folder to the application and keeps it for a while. */
async function slowHost(home: string) {
  const host = await startHost(home);
  await host.agents.create("planner");
  const socket = await startSocketServer({ paths: homePaths(home), host });
  const close = async () => {
    await socket.close({ reason: "the desktop application takes over", next: "handover" });
    await host.close();
  };
  onTestFinished(close);
  return { release: close };
}

/** The application, started hidden while that host still owns the folder. */
async function startingDesktop() {
  const bus = await desktopSession();
  const home = temporaryHome();
  const { release } = await slowHost(home);
  const application = await beginApplication(bus, home, ["--hidden"]);
  onTestFinished(() => application.close());
  const tray = await TrayItem.find(bus, application.pid);
  await expect.poll(() => tray.labels(), WAIT).toEqual(STARTING);
  return { bus, home, application, tray, release };
}

test("U1 the icon is there before the host is, says that it starts, and becomes the usual one", async () => {
  const { bus, home, application, tray, release } = await startingDesktop();
  expect(await tray.toolTip()).toBe("tinyplace · starting");
  expect(await ownerOf(home)).toBe(process.pid);
  const underTheMenu = () => colourAt(application, 60, 60);
  const bare = await underTheMenu();
  await xdotool(application, "mousemove", "12", "16", "click", "3");
  await expect.poll(underTheMenu, WAIT).not.toEqual(bare);
  await keepPicture(application, "tray-starting", { x: 0, y: 0, width: 480, height: 240 });
  await xdotool(application, "key", "Escape");
  await expect.poll(underTheMenu, WAIT).toEqual(bare);
  await release();
  await expect.poll(() => tray.labels(), WAIT).toContain("planner");
  expect(await tray.labels()).not.toContain("Starting…");
  expect(await tray.toolTip()).toBe("tinyplace");
  expect(await ownerOf(home)).toBe(application.pid);
  expect(await registeredItems(bus)).toHaveLength(1);
  expect(await application.visible()).toEqual([]);
});

test("U1 what is asked for while it starts is shown once it has", async () => {
  const { application, tray, release } = await startingDesktop();
  await tray.click("Open tinyplace");
  expect(await application.visible()).toEqual([]);
  await release();
  await expect.poll(application.visible, WAIT).toEqual([true]);
});

test("L5 quit from the tray while it starts, it ends at once and stays quit", async () => {
  const { home, application, tray } = await startingDesktop();
  await tray.click("Quit");
  expect(await application.ended).toBe(0);
  const mark = JSON.parse(readFileSync(homePaths(home).quitMark, "utf8"));
  expect(mark).toMatchObject({ from: "tray" });
  expect(await ownerOf(home)).toBe(process.pid);
});

test("L4 a start that another application answers, or that fails, shows no icon", async () => {
  const bus = await desktopSession();
  const home = temporaryHome();
  const application = await startApplication(bus, home, ["--hidden"]);
  onTestFinished(() => application.close());
  await TrayItem.find(bus, application.pid);
  const items = await newItems(bus);
  expect(await runApplication(bus, home, ["--hidden"])).toBe(0);

  // Somebody holds the lock and does not answer.
  const hung = temporaryHome();
  const lock = acquireOwnerLock(homePaths(hung).lock);
  onTestFinished(() => lock?.release());
  expect(await runApplication(bus, hung, ["--hidden"])).toBe(1);
  expect(existsSync(homePaths(hung).desktopNote)).toBe(false);
  // What was registered was told before this is answered.
  expect(await registeredItems(bus)).toHaveLength(1);
  expect(items).toEqual([]);
});
