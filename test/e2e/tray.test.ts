import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { systemClock } from "../../electron/platform/clock.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import type { WindowBridge } from "../../shared/channels/channels.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import {
  type Application,
  runApplication,
  startApplication,
  startCommand,
} from "../support/application.ts";
import { startPanel } from "../support/panel.ts";
import { type BridgeClient, runProgram, startBridge, startDaemon } from "../support/processes.ts";
import { colourAt, keepPicture, xdotool } from "../support/screen.ts";
import { startSessionBus } from "../support/session-bus.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { TrayItem } from "../support/tray-item.ts";

/**
 * The tray as a desktop sees it: a real panel and real sessions, on a D-Bus session of the test alone.
 * Needs what `npm test` prepares.
 */
const WAIT = { timeout: 60_000, interval: 50 };

async function desktop(...words: string[]) {
  const bus = await startSessionBus();
  onTestFinished(() => bus.close());
  const panel = await startPanel(bus);
  onTestFinished(() => panel.close());
  const home = temporaryHome();
  const application = await startApplication(bus, home, words);
  onTestFinished(() => application.close());
  const tray = await TrayItem.find(bus, application.pid);
  return { bus, panel, home, application, tray };
}

/** Two agents with one live session each, which have met: nothing about them changes by itself. */
async function twoSessions(home: string, tray: TrayItem) {
  const setup = await startBridge(home);
  const planner = await createdAgent(setup, "planner");
  const reviewer = await createdAgent(setup, "reviewer");
  await setup.close();
  const asking = await session(home, "planner", "site");
  const answering = await session(home, "reviewer", "r&d_notes");
  await asking.call("send", { to: reviewer, to_session: "claude:1", body: "Are you there?" });
  const { reply } = await answering.call("await_reply", { from: planner, timeout_seconds: 60 });
  expect(reply).toMatchObject({ text: "Are you there?" });
  await expect.poll(() => tray.labels(), WAIT).toEqual(menu());
  return { reviewer, asking, answering };
}

/** The whole menu of these two, with the counts that the reviewer's session and the holds have. */
function menu(unread = "", holds = "", reviewers = `    claude:1 · r&d_notes · idle${unread}`) {
  return [
    "planner",
    "    claude:1 · site · idle",
    `reviewer${unread}`,
    reviewers,
    "",
    "New message…",
    `Unrouted${holds}`,
    "Open tinyplace",
    "",
    "Pause delivery",
    "Start at login",
    "",
    "Quit",
  ];
}

async function createdAgent(bridge: BridgeClient, name: string): Promise<string> {
  const { created } = await bridge.call("wallet_create", { name });
  return (created as { address: string }).address;
}

async function session(home: string, wallet: string, project: string): Promise<BridgeClient> {
  const bridge = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: wallet,
    CLAUDE_CODE_SESSION_ID: `session-of-${wallet}`,
    CLAUDE_PROJECT_DIR: join("/projects", project),
  });
  expect(await bridge.call("whoami")).toMatchObject({ label: "claude:1" });
  return bridge;
}

async function status(home: string): Promise<HostSnapshot> {
  const { stdout } = await runProgram(["status", "--json", "--home", home]);
  return JSON.parse(stdout);
}

/** What the window shows: the one entry of its sidebar that is marked as current. */
async function place(application: Application): Promise<string | null> {
  const window = await application.electron.firstWindow();
  return window.locator("[aria-current=page]").getAttribute("data-testid");
}

test("U1 the tray shows agents, sessions and unread counts, and follows them", async () => {
  const { home, tray } = await desktop("--hidden");
  const labels = () => tray.labels();
  await expect.poll(labels, WAIT).toContain("No agents yet");
  expect(await tray.property("Status")).toBe("Active");
  const { reviewer, asking, answering } = await twoSessions(home, tray);
  expect(await tray.toolTip()).toBe("tinyplace");
  const quiet = await tray.image();

  await asking.call("send", { to: reviewer, to_session: "claude:1", body: "The plan, please." });
  await expect.poll(labels, WAIT).toEqual(menu(" (1)"));
  expect(await tray.toolTip()).toBe("tinyplace · 1 unread");
  // Mail that found its session needs nobody's attention.
  expect(await tray.image()).toEqual(quiet);
  expect(await answering.call("inbox")).toMatchObject({ count: 1 });
  await expect.poll(labels, WAIT).toEqual(menu());
  await answering.close();
  await expect.poll(labels, WAIT).toEqual(menu("", "", "    no live session"));
});

test("U1 the tray is rebuilt only when something it shows changed", async () => {
  const { home, tray, application } = await desktop();
  const { reviewer, asking, answering } = await twoSessions(home, tray);
  // The tray follows after a moment. Once it showed this message, and the daemon knows it as read,
  // what it shows next is the last of it.
  await asking.call("send", { to: reviewer, to_session: "claude:1", body: "And now?" });
  await expect.poll(() => tray.labels(), WAIT).toEqual(menu(" (1)"));
  expect(await answering.call("inbox")).toMatchObject({ count: 1 });
  const unread = async () => (await status(home)).agents.map((agent) => agent.unread);
  await expect.poll(unread, WAIT).toEqual([0, 0]);
  await expect.poll(() => tray.labels(), WAIT).toEqual(menu());
  const before = await tray.menu();
  const window = await application.electron.firstWindow();
  // The window is told right after the tray: once it knows of a waiting message, so does the tray.
  await window.evaluate(() => {
    const page = globalThis as unknown as { tinyplace: WindowBridge; told: Promise<void> };
    page.told = new Promise((resolve) => {
      page.tinyplace.on("host.changed", ({ agents }) => {
        if (agents.some((agent) => agent.queued > 0)) resolve();
      });
    });
  });
  const { sent } = await asking.call("send", {
    to: drawIdentity("nobody").cryptoId,
    body: "Hello",
  });
  expect(sent).toMatchObject({ state: "queued" });
  await window.evaluate(() => (globalThis as unknown as { told: Promise<void> }).told);
  expect(await tray.menu()).toEqual(before);
});

test("U1 a click in the tray opens the window, at the place that was clicked", async () => {
  const { home, application, tray } = await desktop("--hidden");
  await twoSessions(home, tray);
  expect(await application.visible()).toEqual([]);
  // The first click makes the window: its page must find the way once it has loaded.
  await tray.click("Unrouted");
  await expect.poll(application.visible, WAIT).toEqual([true]);
  expect(await place(application)).toBe("nav-unrouted");
  await tray.click("reviewer");
  await expect.poll(() => place(application), WAIT).toBe("agent-reviewer");
  await tray.click("claude:1 · site");
  await expect.poll(() => place(application), WAIT).toBe("session-planner-claude:1");

  for (const open of [() => tray.click("Open tinyplace"), () => tray.activate()]) {
    await application.closeWindow();
    await expect.poll(application.visible, WAIT).toEqual([false]);
    await open();
    await expect.poll(application.visible, WAIT).toEqual([true]);
  }
  expect(await place(application)).toBe("session-planner-claude:1");
});

test("U1 no other place is drawn before the one that was clicked", async () => {
  const { home, application, tray } = await desktop("--hidden");
  await twoSessions(home, tray);
  await application.electron.context().addInitScript(() => {
    const drawn: (string | undefined)[] = [];
    Object.assign(globalThis, { drawn });
    new MutationObserver(() => {
      for (const entry of document.querySelectorAll<HTMLElement>("[aria-current=page]")) {
        drawn.push(entry.dataset.testid);
      }
    }).observe(document, { attributes: true, childList: true, subtree: true });
  });
  // Changes are told all the while: some reach the page before the answer to its first question does.
  await application.electron.evaluate(
    ({ app }, snapshot) => {
      app.once("web-contents-created", (_event, page) => {
        const telling = setInterval(() => {
          if (page.isDestroyed()) return clearInterval(telling);
          snapshot.revision++;
          page.send("tinyplace:event", "host.changed", snapshot);
        }, 1);
        Object.assign(globalThis, { endTelling: () => clearInterval(telling) });
      });
    },
    await status(home),
  );
  await tray.click("Unrouted");
  const window = await application.electron.firstWindow();
  await window.getByTestId("nav-unrouted").and(window.locator("[aria-current=page]")).waitFor();
  await application.electron.evaluate(() =>
    (globalThis as unknown as { endTelling: () => void }).endTelling(),
  );
  const drawn = await window.evaluate(() => (globalThis as unknown as { drawn: string[] }).drawn);
  expect(new Set(drawn)).toEqual(new Set(["nav-unrouted"]));
});

test("U1 the icon shows attention for holds and contact requests", async () => {
  const { home, application, panel, tray } = await desktop("--hidden");
  const { reviewer, asking, answering } = await twoSessions(home, tray);
  const labels = () => tray.labels();
  const quiet = await tray.image();

  await asking.call("send", { to: reviewer, to_session: "claude:7", body: "For claude:7." });
  await expect.poll(labels, WAIT).toEqual(menu("", " (1)"));
  expect(await tray.toolTip()).toBe("tinyplace · 1 unrouted");
  const attention = await tray.image();
  expect(attention).not.toEqual(quiet);

  const stranger = drawIdentity("stranger");
  const { relay } = (await status(home)).host;
  const transport = new HttpRelayTransport(relay, createSigner(stranger.seed), systemClock);
  onTestFinished(() => transport.close());
  await transport.requestContact(reviewer);
  await expect.poll(labels, WAIT).toContain("Contact requests of reviewer (1)");
  expect(await tray.toolTip()).toBe("tinyplace · 1 unrouted · 1 contact request");
  await asking.call("send", { to: reviewer, to_session: "claude:1", body: "The plan, please." });
  await expect.poll(labels, WAIT).toContain("    claude:1 · r&d_notes · idle (1)");

  const panelIsDark = async () =>
    Math.max(...(await colourAt(application, 600, 16)).slice(0, 3)) < 128;
  const underTheMenu = () => colourAt(application, 60, 60);
  const bare = await underTheMenu();
  for (const theme of ["light", "dark"] as const) {
    await panel.setDark(theme === "dark");
    await expect.poll(panelIsDark, WAIT).toBe(theme === "dark");
    await xdotool(application, "mousemove", "12", "16", "click", "3");
    await expect.poll(underTheMenu, WAIT).not.toEqual(bare);
    await keepPicture(application, `tray-${theme}`, { x: 0, y: 0, width: 480, height: 360 });
    await xdotool(application, "key", "Escape");
    await expect.poll(underTheMenu, WAIT).toEqual(bare);
  }

  await answering.call("contact_accept", { from: stranger.cryptoId });
  await expect.poll(labels, WAIT).toEqual(menu(" (1)", " (1)"));
  expect(await tray.image()).toEqual(attention);
  // The session that the hold is for.
  expect(await answering.call("use", { name: "reviewer", label: "claude:7" })).toMatchObject({
    label: "claude:7",
  });
  await expect.poll(labels, WAIT).toContain("Unrouted");
  expect(await tray.image()).toEqual(quiet);
});

test("U1 the tray opens the composer, and pauses and resumes delivery", async () => {
  const { home, application, tray } = await desktop("--hidden");
  const { reviewer, asking, answering } = await twoSessions(home, tray);
  await tray.click("New message…");
  const composer = await application.electron.firstWindow();
  await composer.getByTestId("from-agent").waitFor();

  const isPaused = async () => (await tray.toolTip()).endsWith("· paused");
  await tray.toggle("Pause delivery", isPaused);
  expect(await tray.toolTip()).toBe("tinyplace · paused");
  await asking.call("send", { to: reviewer, to_session: "claude:1", body: "Not now." });
  await expect.poll(() => tray.labels(), WAIT).toEqual(menu("", " (1)"));
  expect(await answering.call("inbox")).toMatchObject({ count: 0 });
  await tray.toggle("Pause delivery", async () => !(await isPaused()));
  await expect.poll(() => tray.labels(), WAIT).toEqual(menu(" (1)"));
  expect(await answering.call("inbox")).toMatchObject({ messages: [{ text: "Not now." }] });
});

test("U4 start at login writes an autostart entry, and what it names starts hidden", async () => {
  const { home, application, tray } = await desktop("--hidden");
  const entry = join(home, "config", "autostart", "tinyplace.desktop");
  expect(existsSync(entry)).toBe(false);
  await tray.toggle("Start at login", () => existsSync(entry));
  const command = /^Exec=(.*)$/m.exec(readFileSync(entry, "utf8"))?.[1] ?? "";
  const words = [...command.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? "");
  expect(words).toContain("--hidden");
  expect(words).toContain(home);
  await application.close();

  // The next login is another session of the desktop.
  const bus = await startSessionBus();
  onTestFinished(() => bus.close());
  const panel = await startPanel(bus);
  onTestFinished(() => panel.close());
  const again = await startCommand(bus, home, words);
  onTestFinished(() => again.close());
  const trayAgain = await TrayItem.find(bus, again.pid);
  await expect.poll(() => trayAgain.labels(), WAIT).toContain("Start at login");
  expect(await again.visible()).toEqual([]);
  await trayAgain.toggle("Start at login", () => !existsSync(entry));
});

test("U1 Quit in the tray ends the application in order, and its lock is released", async () => {
  const { home, application, tray } = await desktop("--hidden");
  const { reviewer, asking } = await twoSessions(home, tray);
  await asking.call("send", { to: reviewer, to_session: "claude:7", body: "Still here?" });
  await expect.poll(() => tray.labels(), WAIT).toEqual(menu("", " (1)"));
  await tray.click("Quit");
  expect(await application.ended).toBe(0);

  await startDaemon(home);
  const { agents } = await status(home);
  expect(agents.map((agent) => [agent.name, agent.holds])).toEqual([
    ["planner", 0],
    ["reviewer", 1],
  ]);
});

test("U1 started again, the application that runs shows its window", async () => {
  const { bus, home, application } = await desktop("--hidden");
  expect(await runApplication(bus, home, ["--hidden"])).toBe(0);
  expect(await application.visible()).toEqual([]);
  expect(await runApplication(bus, home)).toBe(0);
  await expect.poll(application.visible, WAIT).toEqual([true]);
});

test("U1 without a tray host the window opens instead of hiding", async () => {
  const bus = await startSessionBus();
  onTestFinished(() => bus.close());
  const application = await startApplication(bus, temporaryHome(), ["--hidden"]);
  onTestFinished(() => application.close());
  await expect.poll(application.visible, WAIT).toEqual([true]);
  await application.closeWindow();
  expect(await application.visible()).toEqual([true]);

  // A panel that starts later shows the icon too, and from then on the window hides.
  const panel = await startPanel(bus);
  onTestFinished(() => panel.close());
  const tray = await TrayItem.find(bus, application.pid);
  await expect.poll(() => tray.labels(), WAIT).toContain("No agents yet");
  await application.closeWindow();
  await expect.poll(application.visible, WAIT).toEqual([false]);
  await panel.close();
  await expect.poll(application.visible, WAIT).toEqual([true]);
});
