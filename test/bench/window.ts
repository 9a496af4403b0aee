import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { _electron, type ElectronApplication, type Page } from "playwright";
import { bundle } from "../../build/bundle.ts";
import { startDisplay } from "../../build/display.ts";
import { resolveElectron } from "../../build/runtime/resolve-electron.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { trayView } from "../../electron/shell/tray-menu.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { treeMb } from "./electron-memory.ts";
import { frameTimes } from "./frames.ts";
import { FULL_WALLET, fillHome } from "./full-home.ts";
import { quantile } from "./numbers.ts";

const MESSAGES = 100_000;
const HOLDS = 1_000;
const SESSIONS = 100;
const WINDOWS = 5;
const SETTLE_MS = 3_000;
const TRAYS = 200;
const WAIT = { timeout: 120_000 };

/** The first picture of a page: from the asking for a window until something, and all of it, is drawn. */
interface Paint {
  readonly first: number;
  readonly content: number;
}

/**
 * What a person feels of the window, with years of mail behind it, beside an Electron application that
 * does nothing. Times in ms, memory in MB. Null where there is no display to be had.
 */
export async function measureWindow() {
  if (process.platform !== "linux") return null;
  const electron = await resolveElectron();
  const folder = await bundle(electron.kind);
  const display = await startDisplay();
  const home = mkdtempSync(join(tmpdir(), "tp-bench-"));
  const launch = (words: readonly string[]) =>
    _electron.launch({
      executablePath: electron.executable,
      args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-gpu", ...words],
      env: {
        ...(process.env as Record<string, string>),
        DISPLAY: display.name,
        TINYPLACE_KEYSTORE: "file",
      },
    });
  try {
    await fillHome(home, { messages: MESSAGES, holds: HOLDS });
    const empty = await emptyApplication(home, launch);
    const paints: Paint[] = [];
    let rest: Awaited<ReturnType<typeof looks>> | null = null;
    for (let n = 0; n < WINDOWS; n++) {
      const application = await launch([folder, "--hidden", "--home", home]);
      const hidden = await hiddenMb(application, n);
      const { page, paint } = await openWindow(application, home);
      paints.push(paint);
      if (n === WINDOWS - 1) rest = await looks(application, page, home, hidden);
      await ended(application);
    }
    const middle = (of: (paint: Paint) => number) => quantile(paints.map(of), 0.5);
    return {
      window_n: WINDOWS,
      window_first_paint_ms: middle(({ first }) => first),
      window_content_ms: middle(({ content }) => content),
      empty_first_paint_ms: empty.paint.first,
      empty_electron_mb: empty.mb,
      ...rest,
    };
  } finally {
    await display.close();
    rmSync(home, { recursive: true, force: true });
  }
}

async function hiddenMb(application: ElectronApplication, round: number): Promise<number> {
  if (round < WINDOWS - 1) return 0;
  await pause(SETTLE_MS);
  return treeMb(application.process().pid as number);
}

/** Asks for the window as a second start of the application does. */
async function openWindow(application: ElectronApplication, home: string) {
  const client = await attached(home, "claude:1");
  const opened = application.waitForEvent("window");
  const asked = Date.now();
  await client.call("handover", { show: true });
  const page = await opened;
  await page.locator("article").first().waitFor(WAIT);
  return { page, paint: await paintOf(page, asked) };
}

async function paintOf(page: Page, asked: number): Promise<Paint> {
  return (await page.evaluate(`new Promise((resolve) => {
    new PerformanceObserver((list) => {
      const at = (time) => Math.round(performance.timeOrigin + time - ${asked});
      const first = performance.getEntriesByName("first-contentful-paint")[0];
      if (first) resolve({ first: at(first.startTime), content: at(list.getEntries().at(-1).startTime) });
    }).observe({ type: "largest-contentful-paint", buffered: true });
  })`)) as Paint;
}

/** Frame times in views that are full, each beside a view that is empty, in the same run. */
async function looks(application: ElectronApplication, page: Page, home: string, hidden: number) {
  const go = async (testId: string, shown: string) => {
    await page.getByTestId(testId).click();
    await page.locator(shown).first().waitFor(WAIT);
    await pause(500);
  };
  await go("nav-contacts", "text=No contacts yet");
  const empty = quantile(await frameTimes(page, "#no-list", 0), 0.95);
  await go(`session-${FULL_WALLET}-claude:1`, "article").catch(async () => {
    throw new Error("the full inbox is not there");
  });
  const mail = quantile(await frameTimes(page, "[role=log]", -120), 0.95);
  await go("nav-unrouted", "[data-hold]");
  const holds = quantile(await frameTimes(page, "ul[aria-label*='held']", 60), 0.95);
  const live = await attach(home);
  await page.getByTestId(`session-${FULL_WALLET}-s99`).waitFor(WAIT);
  const sessions = quantile(await frameTimes(page, "nav ul", 30), 0.95);
  const snapshot = await live.client.call("status", {});
  const tray = await trayTimes(application, snapshot as HostSnapshot);
  const shown = treeMb(application.process().pid as number);
  live.close();
  const ratio = (time: number) => Math.round((time / empty) * 100) / 100;
  return {
    frame_p95_empty_ms: empty,
    frame_p95_100k_messages_ms: mail,
    frame_p95_1000_holds_ms: holds,
    frame_p95_100_sessions_ms: sessions,
    frame_ratio_100k_messages: ratio(mail),
    frame_ratio_1000_holds: ratio(holds),
    frame_ratio_100_sessions: ratio(sessions),
    tray_view_100_sessions_p50_ms: tray.view,
    tray_menu_100_sessions_p50_ms: tray.menu,
    desktop_full_hidden_mb: hidden,
    desktop_full_shown_mb: shown,
  };
}

/** A live session. Electron may be ready before the data folder has its owner. */
async function attached(home: string, label: string): Promise<HostClient> {
  const paths = homePaths(home);
  let client = await HostClient.connectIfThere(paths, "bench");
  for (let looks = 0; !client && looks < 1_000; looks++) {
    await pause(10);
    client = await HostClient.connectIfThere(paths, "bench");
  }
  client ??= await HostClient.connect(paths, "bench");
  const place = { harnessSessionId: `bench-${label}`, cwd: `/work/${label}`, pid: 1 };
  await client.call("attach", { wallet: FULL_WALLET, label, pinned: true, ...place });
  return client;
}

async function attach(home: string) {
  const clients: HostClient[] = [];
  for (let n = 0; n < SESSIONS; n++) clients.push(await attached(home, `s${n}`));
  const close = () => {
    for (const client of clients) client.close();
  };
  return { client: clients[0] as HostClient, close };
}

/** What a change of the tray costs: the view, made here, and the menu, made where it is shown. */
async function trayTimes(application: ElectronApplication, snapshot: HostSnapshot) {
  const views = Array.from({ length: TRAYS }, () => {
    const start = performance.now();
    JSON.stringify(trayView(snapshot, false).items);
    return performance.now() - start;
  });
  const labels = trayView(snapshot, false).items.map((item) =>
    item.type === "separator" ? null : item.label,
  );
  const menus = await application.evaluate(
    ({ Menu }, [items, times]) =>
      Array.from({ length: times }, () => {
        const start = performance.now();
        Menu.buildFromTemplate(
          items.map((label) => (label === null ? { type: "separator" } : { label })),
        );
        return performance.now() - start;
      }),
    [labels, TRAYS] as const,
  );
  return { view: quantile(views, 0.5), menu: quantile(menus, 0.5) };
}

/** An application with one window and one word in it. */
async function emptyApplication(
  home: string,
  launch: (words: readonly string[]) => Promise<ElectronApplication>,
): Promise<{ paint: Paint; mb: number }> {
  const folder = join(home, "empty");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{"name":"empty","main":"main.cjs"}');
  writeFileSync(join(folder, "page.html"), "<!doctype html><title>empty</title><p>empty</p>");
  writeFileSync(
    join(folder, "main.cjs"),
    `const { app, BrowserWindow } = require("electron");
     app.setPath("userData", ${JSON.stringify(join(folder, "chromium"))});
     globalThis.open = () => {
       const window = new BrowserWindow({ width: 1100, height: 720 });
       void window.loadFile(${JSON.stringify(join(folder, "page.html"))});
     };
     app.on("window-all-closed", () => undefined);`,
  );
  const application = await launch([folder]);
  await pause(SETTLE_MS);
  const opened = application.waitForEvent("window");
  const asked = Date.now();
  await application.evaluate(() => (globalThis as unknown as { open(): void }).open());
  const page = await opened;
  await page.locator("p").waitFor(WAIT);
  const paint = await paintOf(page, asked);
  await pause(SETTLE_MS);
  const mb = treeMb(application.process().pid as number);
  await ended(application);
  return { paint, mb };
}

async function ended(application: ElectronApplication): Promise<void> {
  const child = application.process();
  const closed = new Promise((resolve) => child.once("close", resolve));
  await application.close();
  if (child.exitCode === null) await closed;
}
