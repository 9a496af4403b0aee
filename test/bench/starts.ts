import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineInterface } from "dbus-native";
import { bundle } from "../../build/bundle.ts";
import { startDisplay } from "../../build/display.ts";
import { ROOT } from "../../build/root.ts";
import { resolveElectron } from "../../build/runtime/resolve-electron.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { type HomePaths, homePaths } from "../../electron/platform/paths.ts";
import { type SessionBus, startSessionBus } from "../support/session-bus.ts";
import { BenchDaemon } from "./daemon.ts";
import { fillHome } from "./full-home.ts";
import { quantile, rounded } from "./numbers.ts";

const WATCHER = "org.kde.StatusNotifierWatcher";

/**
 * Starts of the daemon, until it says that it is ready, and of the application hidden to the tray, until
 * its icon is registered with the desktop, and until its host answers, beside an Electron application
 * that makes a tray icon and nothing else. Cold: what the files of both hold is not in memory; null where only root may see to that
 * and this is not root. Medians in ms; the application's are null where there is no tray.
 */
export async function measureStarts(times: number) {
  const home = mkdtempSync(join(tmpdir(), "tp-bench-"));
  try {
    await fillHome(home, { messages: 1000, holds: 0 });
    const daemon = await warmAndCold(times, async () => ({ ready: await daemonStart(home) }));
    return {
      daemon_start_warm_ms: daemon.warm.ready,
      daemon_start_cold_ms: daemon.cold?.ready ?? null,
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
      return runningApplication(electron.executable, [...root, "--disable-gpu", ...words], env);
    };
    const paths = homePaths(home);
    const empty = emptyApplication(home);
    const ours = await warmAndCold(times, () =>
      launch([folder, "--hidden", "--home", home])(async (since) => {
        const [icon, serves] = await Promise.all([since(tray.icon()), since(answers(paths))]);
        return { icon, serves };
      }),
    );
    const theirs = await warmAndCold(times, () =>
      launch([empty])(async (since) => ({ icon: await since(tray.icon()) })),
    );
    const { warm, cold } = ours;
    return {
      desktop_tray_warm_ms: warm.icon,
      desktop_tray_cold_ms: cold?.icon ?? null,
      desktop_serves_warm_ms: warm.serves,
      desktop_serves_cold_ms: cold?.serves ?? null,
      empty_electron_tray_warm_ms: theirs.warm.icon,
      empty_electron_tray_cold_ms: theirs.cold?.icon ?? null,
      desktop_tray_of_empty_warm: rounded(warm.icon / theirs.warm.icon),
      desktop_tray_of_empty_cold:
        cold && theirs.cold ? rounded(cold.icon / theirs.cold.icon) : null,
    };
  } finally {
    await bus.close();
    await display.close();
  }
}

/** The medians of what `start` measures. The first start fills the page cache and is not counted. */
async function warmAndCold<T extends Readonly<Record<string, number>>>(
  times: number,
  start: () => Promise<T>,
): Promise<{ warm: T; cold: T | null }> {
  await start();
  const warm: T[] = [];
  const cold: T[] = [];
  for (let i = 0; i < times; i++) {
    warm.push(await start());
    if (dropPageCache()) cold.push(await start());
  }
  return { warm: medians(warm), cold: cold.length > 0 ? medians(cold) : null };
}

function medians<T extends Readonly<Record<string, number>>>(all: readonly T[]): T {
  const names = Object.keys(all[0] ?? {});
  const median = (name: string) =>
    quantile(
      all.map((one) => one[name] as number),
      0.5,
    );
  return Object.fromEntries(names.map((name) => [name, median(name)])) as T;
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
  /** Resolves when the next icon is registered. */
  icon(): Promise<void>;
}

/** What a panel is to programs: where icons are registered, and something that shows them. */
async function watchTray(bus: SessionBus): Promise<TrayWatch> {
  let onIcon = (): void => undefined;
  const watcher = defineInterface({
    name: WATCHER,
    methods: {
      RegisterStatusNotifierItem: { in: { item: "s" }, handler: () => onIcon() },
    },
    properties: {
      IsStatusNotifierHostRegistered: { type: "b", access: "read", get: () => true },
      ProtocolVersion: { type: "i", access: "read", get: () => 0 },
    },
    signals: { StatusNotifierHostRegistered: {}, StatusNotifierHostUnregistered: {} },
  });
  await bus.client.export("/StatusNotifierWatcher", watcher);
  await bus.client.ownName(WATCHER);
  return {
    icon: () =>
      new Promise((resolve) => {
        onIcon = resolve;
      }),
  };
}

/** When the host answers on its socket. */
async function answers(paths: HomePaths): Promise<void> {
  mkdirSync(paths.socketFolder, { recursive: true, mode: 0o700 });
  const watched = watch(paths.socketFolder);
  try {
    for (;;) {
      const changed = new Promise((resolve) => watched.once("change", resolve));
      const host = await HostClient.connectIfThere(paths, "bench");
      if (host) return host.close();
      await changed;
    }
  } finally {
    watched.close();
  }
}

/** Starts a program, which ends when the given measuring does; `since` says when something came, in ms. */
function runningApplication(program: string, words: readonly string[], env: NodeJS.ProcessEnv) {
  return async <T>(
    measure: (since: (event: Promise<void>) => Promise<number>) => Promise<T>,
  ): Promise<T> => {
    const start = performance.now();
    const child = spawn(program, [...words], { env, stdio: "ignore" });
    const kill = () => child.kill();
    process.once("exit", kill);
    const closed = new Promise((resolve) => child.once("close", resolve));
    const ended = new Promise<never>((_, reject) => {
      child.once("close", (code) => reject(new Error(`${program} ended with ${code}`)));
    });
    ended.catch(() => undefined);
    try {
      const since = async (event: Promise<void>) => {
        await event;
        return performance.now() - start;
      };
      return await Promise.race([measure(since), ended]);
    } finally {
      child.kill();
      await closed;
      process.off("exit", kill);
    }
  };
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
