import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { readPluginFile } from "./plugin-file.ts";
import type { PluginFolder } from "./plugin-folder.ts";

/** The plugin's own rule: what wrote its note within this, and still runs, is alive. In ms. */
const ALIVE_MS = 30_000;

const note = z.object({ pid: z.number().int().positive(), updatedAt: z.string() });

/**
 * Processes of the plugin that have this agent in hand: its daemon, which notes itself in
 * `daemon/<agent>.lock`, and sessions, in `sessions/<agent>/<label>.json`. Each of them may change
 * the ratchet at any moment. @param now ms since the epoch
 */
export function pluginProcesses(folder: PluginFolder, cryptoId: string, now: number): number[] {
  const agent = encodeURIComponent(cryptoId);
  const sessions = folder.file("sessions", agent);
  const notes = [
    folder.file("daemon", `${agent}.lock`),
    ...filesIn(sessions).map((name) => join(sessions, name)),
  ];
  const alive = notes.flatMap((path) => {
    try {
      const { pid, updatedAt } = readPluginFile(path, note);
      // Either way: a note from the future was written by a clock that was set since.
      const fresh = Math.abs(now - Date.parse(updatedAt)) < ALIVE_MS;
      return fresh && runs(pid) ? [pid] : [];
    } catch {
      return [];
    }
  });
  return [...new Set(alive)];
}

export function pluginRuns(running: readonly { wallet: string; pid: number }[]): TinyplaceError {
  const who = running.map(({ wallet, pid }) => `${wallet} (process ${pid})`).join(", ");
  return new TinyplaceError(
    "plugin_running",
    `The earlier plugin is at work for ${who}, and its conversations change under the import.`,
    "End the Claude Code sessions that use it; its daemon ends a minute later. Then import again. Nothing was changed.",
  );
}

function filesIn(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
