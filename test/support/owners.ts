import { readdirSync, readFileSync } from "node:fs";
import { onTestFinished, vi } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { temporaryHome } from "./temporary-home.ts";

/** For a bridge that may start an owner, which then runs without a display and does not stay long. */
export const STARTS = {
  TINYPLACE_SESSION_DAEMON: "on",
  TINYPLACE_DAEMON_IDLE_MS: "5000",
  DISPLAY: "",
  WAYLAND_DISPLAY: "",
};
/** For a bridge that hosts the daemon itself. */
export const HOSTS = { TINYPLACE_SESSION_DAEMON: "off" };

/** A data folder whose owners are detached from the test: those that are left end with it. */
export function ownedHome(): string {
  const home = temporaryHome();
  onTestFinished(async () => {
    for (const pid of processesOf(home)) process.kill(pid, "SIGKILL");
    await vi.waitUntil(() => processesOf(home).length === 0, { timeout: 30_000 });
  });
  return home;
}

/** Who runs with this data folder on its command line; on Linux alone, elsewhere nobody. */
export function processesOf(home: string, ...words: readonly string[]): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => {
      const line = procFile(pid, "cmdline").split("\0");
      return [home, ...words].every((word) => line.includes(word));
    });
}

/** A file of /proc about a process; empty once it has ended. */
export function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** The process that owns a data folder and answers. */
export async function ownerOf(home: string): Promise<number> {
  const client = await HostClient.connect(homePaths(home), "test");
  client.close();
  return client.host.pid;
}

/** Resolves when a process that is not a child of the test has ended. */
export async function ended(pid: number): Promise<void> {
  const alive = () => {
    try {
      process.kill(pid, 0);
      return !procFile(pid, "stat").includes(") Z ");
    } catch {
      return false;
    }
  };
  await vi.waitUntil(() => !alive(), { timeout: 60_000 });
}
