import { spawn } from "node:child_process";
import { join } from "node:path";
import type { ElectronApplication } from "playwright";
import { vi } from "vitest";
import { launchElectron } from "./launch-electron.ts";
import { ownerOf } from "./owners.ts";
import type { SessionBus } from "./session-bus.ts";

const executablePath = process.env.TINYPLACE_TEST_ELECTRON ?? "";
const folder = process.env.TINYPLACE_TEST_APP ?? "";
const SERVES = { timeout: 60_000, interval: 20 };

/** The desktop application in a session of its own. Needs what `npm test` prepares. */
export interface Application {
  readonly electron: ElectronApplication;
  readonly pid: number;
  /** The X display that it is on. */
  readonly display: string;
  /** Its exit code, at its end. */
  readonly ended: Promise<number | null>;
  /** Whether each of its windows can be seen; none before the first was opened. */
  visible(): Promise<boolean[]>;
  /** Closes the window as its title bar does. */
  closeWindow(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when it serves the data folder. */
export async function startApplication(
  bus: SessionBus,
  home: string,
  words: readonly string[] = [],
): Promise<Application> {
  const application = await beginApplication(bus, home, words);
  const owner = () => ownerOf(home).catch(() => null);
  await vi.waitUntil(async () => (await owner()) === application.pid, SERVES);
  return application;
}

/** Resolves when it runs, whatever it waits for. */
export function beginApplication(
  bus: SessionBus,
  home: string,
  words: readonly string[] = [],
): Promise<Application> {
  return driven(bus, executablePath, launch(bus, home, words));
}

/** Starts a whole command line, as an autostart entry names it. */
export function startCommand(
  bus: SessionBus,
  home: string,
  [executable, ...words]: readonly string[],
): Promise<Application> {
  const { env } = launch(bus, home, []);
  return driven(bus, executable ?? "", { args: [...rights(), "--disable-gpu", ...words], env });
}

async function driven(
  bus: SessionBus,
  executable: string,
  how: ReturnType<typeof launch>,
): Promise<Application> {
  const electron = await launchElectron({ executablePath: executable, ...how });
  const child = electron.process();
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    electron,
    pid: child.pid ?? 0,
    display: bus.env.DISPLAY ?? "",
    ended,
    visible: () =>
      electron.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows().map((window) => window.isVisible()),
      ),
    closeWindow: () =>
      electron.evaluate(({ BrowserWindow }) => {
        for (const window of BrowserWindow.getAllWindows()) window.close();
      }),
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) await electron.close();
      await ended;
    },
  };
}

/** Starts it without driving it, and waits for its end: resolves with its exit code. */
export function runApplication(
  bus: SessionBus,
  home: string,
  words: readonly string[] = [],
): Promise<number | null> {
  const { args, env } = launch(bus, home, words);
  const child = spawn(executablePath, args, { env, stdio: "ignore" });
  const stop = () => child.kill();
  process.once("exit", stop);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("exit", stop);
      resolve(code);
    });
  });
}

function launch(bus: SessionBus, home: string, words: readonly string[]) {
  return {
    args: [...rights(), "--disable-gpu", folder, "--home", home, ...words],
    env: { ...bus.env, TINYPLACE_KEYSTORE: "file", XDG_CONFIG_HOME: join(home, "config") },
  };
}

/** Chromium's sandbox does not work for root, as which containers run. */
function rights(): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox"] : [];
}
