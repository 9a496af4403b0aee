import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineInterface } from "dbus-native";
import { bundle } from "../../build/bundle.ts";
import { startDisplay } from "../../build/display.ts";
import { ROOT } from "../../build/root.ts";
import { resolveElectron } from "../../build/runtime/resolve-electron.ts";
import { type SessionBus, startSessionBus } from "../support/session-bus.ts";
import { BenchDaemon } from "./daemon.ts";
import { fillHome } from "./full-home.ts";
import { quantile, rounded } from "./numbers.ts";

const WATCHER = "org.kde.StatusNotifierWatcher";

/**
 * Starts of the daemon, until it says that it is ready, and of the application hidden to the tray, until
 * its icon is registered with the desktop, beside an Electron application that makes a tray icon and
 * nothing else. Cold: what the files of both hold is not in memory; null where only root may see to that
 * and this is not root. Medians in ms; the application's are null where there is no tray.
 */
export async function measureStarts(times: number) {
  const home = mkdtempSync(join(tmpdir(), "tp-bench-"));
  try {
    await fillHome(home, { messages: 1000, holds: 0 });
    const daemon = await warmAndCold(times, () => daemonStart(home));
    return {
      daemon_start_warm_ms: daemon.warm,
      daemon_start_cold_ms: daemon.cold,
      ...(process.platform === "linux" ? await trayStarts(home, times) : {}),
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function daemonStart(home: string): Promise<number> {
  const daemon = await BenchDaemon.start(home);
  await daemon.stop();
  return daemon.startedInMs;
}

async function trayStarts(home: string, times: number) {
  const electron = await resolveElectron();
  const folder = await bundle(electron.kind);
  const display = await startDisplay();
  const bus = await startSessionBus();
  try {
    const tray = await watchTray(bus);
    const launch = (words: readonly string[]) => {
      const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
      const env = { ...bus.env, DISPLAY: display.name, TINYPLACE_KEYSTORE: "file" };
      return iconTime(tray, electron.executable, [...root, "--disable-gpu", ...words], env);
    };
    const empty = emptyApplication(home);
    const ours = await warmAndCold(times, () => launch([folder, "--hidden", "--home", home]));
    const theirs = await warmAndCold(times, () => launch([empty]));
    return {
      desktop_tray_warm_ms: ours.warm,
      desktop_tray_cold_ms: ours.cold,
      empty_electron_tray_warm_ms: theirs.warm,
      empty_electron_tray_cold_ms: theirs.cold,
      desktop_tray_of_empty_warm: rounded(ours.warm / theirs.warm),
      desktop_tray_of_empty_cold:
        ours.cold === null || theirs.cold === null ? null : rounded(ours.cold / theirs.cold),
    };
  } finally {
    await bus.close();
    await display.close();
  }
}

/** The first start fills the page cache and is not counted as warm. */
async function warmAndCold(times: number, start: () => Promise<number>) {
  await start();
  const warm: number[] = [];
  const cold: number[] = [];
  for (let i = 0; i < times; i++) {
    warm.push(await start());
    if (dropPageCache()) cold.push(await start());
  }
  return { warm: quantile(warm, 0.5), cold: cold.length > 0 ? quantile(cold, 0.5) : null };
}

/** False where this is not allowed. */
function dropPageCache(): boolean {
  spawnSync("sync");
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "1");
    return true;
  } catch {
    return false;
  }
}

interface TrayWatch {
  /** Called when an icon is registered. */
  onIcon: () => void;
}

/** What a panel is to programs: where icons are registered, and something that shows them. */
async function watchTray(bus: SessionBus): Promise<TrayWatch> {
  const watch: TrayWatch = { onIcon: () => undefined };
  const watcher = defineInterface({
    name: WATCHER,
    methods: {
      RegisterStatusNotifierItem: { in: { item: "s" }, handler: () => watch.onIcon() },
    },
    properties: {
      IsStatusNotifierHostRegistered: { type: "b", access: "read", get: () => true },
      ProtocolVersion: { type: "i", access: "read", get: () => 0 },
    },
    signals: { StatusNotifierHostRegistered: {}, StatusNotifierHostUnregistered: {} },
  });
  await bus.client.export("/StatusNotifierWatcher", watcher);
  await bus.client.ownName(WATCHER);
  return watch;
}

/** From the start of the process until its icon, in ms. Ends it. */
async function iconTime(
  tray: TrayWatch,
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const start = performance.now();
  const child = spawn(program, [...words], { env, stdio: "ignore" });
  const kill = () => child.kill();
  process.once("exit", kill);
  const closed = new Promise((resolve) => child.once("close", resolve));
  try {
    return await new Promise<number>((resolve, reject) => {
      tray.onIcon = () => resolve(performance.now() - start);
      child.once("close", (code) => reject(new Error(`${program} ended with ${code}`)));
    });
  } finally {
    child.kill();
    await closed;
    process.off("exit", kill);
  }
}

function emptyApplication(home: string): string {
  const folder = join(home, "empty");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{"name":"empty","main":"main.cjs"}');
  writeFileSync(
    join(folder, "main.cjs"),
    `const { app, Menu, Tray } = require("electron");
     app.setPath("userData", ${JSON.stringify(join(folder, "chromium"))});
     app.whenReady().then(() => {
       globalThis.tray = new Tray(${JSON.stringify(join(ROOT, "build", "icons", "tray", "tray-any.png"))});
       globalThis.tray.setContextMenu(Menu.buildFromTemplate([{ label: "empty" }]));
     });`,
  );
  return folder;
}
