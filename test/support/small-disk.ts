import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryHome } from "./temporary-home.ts";

/** A file system of its own needs root, and Linux. */
export const canMount = process.platform === "linux" && process.getuid?.() === 0 && mountWorks();

/** Puts an empty disk of that size at a folder; taken away with the test. */
export function smallDisk(folder: string, megabytes: number): void {
  mount(folder, megabytes);
  onTestFinished(() => {
    // Lazily: what a failed test still has open does not keep it.
    spawnSync("umount", ["-l", folder]);
  });
}

/** Takes all the space that is left; the returned function gives it back. */
export function fillDisk(folder: string): () => void {
  const path = join(folder, "filler");
  const file = openSync(path, "a");
  try {
    // Smaller and smaller pieces, down to what a page of memory can still give.
    for (const size of [65_536, 4096, 1]) {
      const piece = Buffer.alloc(size);
      try {
        for (;;) writeSync(file, piece);
      } catch (error) {
        if ((error as { code?: unknown }).code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}

function mount(folder: string, megabytes: number): void {
  const words = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder];
  const { status, stderr } = spawnSync("mount", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mount ${words.join(" ")}: ${stderr}`);
}

function mountWorks(): boolean {
  const folder = temporaryHome();
  try {
    mount(folder, 1);
  } catch {
    return false;
  }
  return spawnSync("umount", [folder]).status === 0;
}
