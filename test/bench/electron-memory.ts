import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundle } from "../../build/bundle.ts";
import { startDisplay } from "../../build/display.ts";
import { resolveElectron } from "../../build/runtime/resolve-electron.ts";
import { homePaths } from "../../electron/platform/paths.ts";

/** From the socket's appearance until memory is read: what starts lazily has started then, in ms. */
const SETTLE_MS = 5_000;

/**
 * Memory of the whole desktop, started hidden to the tray: the proportional set sizes of its processes
 * in MB, so that what they share counts once. Null where /proc does not tell.
 */
export async function hiddenDesktopMb(): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const electron = await resolveElectron();
  const folder = await bundle(electron.kind);
  const display = await startDisplay();
  const home = mkdtempSync(join(tmpdir(), "tp-bench-"));
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const words = [...root, "--disable-gpu", folder, "--hidden", "--home", home];
  const child = spawn(electron.executable, words, {
    env: { ...process.env, DISPLAY: display.name, TINYPLACE_KEYSTORE: "file" },
    stdio: "ignore",
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  try {
    while (!existsSync(homePaths(home).socket)) {
      if (child.exitCode !== null) throw new Error(`Electron ended with ${child.exitCode}`);
      await pause(50);
    }
    await pause(SETTLE_MS);
    return treeMb(child.pid as number);
  } finally {
    child.kill();
    await closed;
    await display.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** The proportional set sizes of a process and all below it, in MB. */
export function treeMb(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : null;
    if (parent !== null) parents.set(Number(name), parent);
  }
  const isInside = (pid: number): boolean => pid === root || isInsideOf(parents.get(pid), isInside);
  const kb = [...parents.keys()]
    .filter(isInside)
    .reduce((sum, pid) => sum + proportionalKb(pid), 0);
  return Math.round(kb / 1024);
}

function isInsideOf(parent: number | undefined, isInside: (pid: number) => boolean): boolean {
  return parent !== undefined && parent > 1 && isInside(parent);
}

function parentOf(pid: number): number | null {
  return numberIn(`/proc/${pid}/status`, /PPid:\s+(\d+)/);
}

function proportionalKb(pid: number): number {
  return numberIn(`/proc/${pid}/smaps_rollup`, /Pss:\s+(\d+)/) ?? 0;
}

function numberIn(path: string, pattern: RegExp): number | null {
  try {
    return Number(pattern.exec(readFileSync(path, "utf8"))?.[1]);
  } catch {
    // The process ended meanwhile.
    return null;
  }
}
