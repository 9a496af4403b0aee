import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { HomePaths } from "../../platform/paths.ts";
import type { Installation } from "./plugin-files.ts";

/** The oldest Node.js that the hook program runs on. */
const MIN_NODE = 20;

/** How this program was started. */
export interface Self {
  readonly executable: string;
  readonly entry: string;
  readonly isElectron: boolean;
}

/** Where the plugin's marketplace is put together: Claude Code reads it from there. */
export function marketplaceFolder(paths: HomePaths): string {
  return join(paths.home, "claude-plugin");
}

/** The files that the application brings: beside the built program, or in the sources. */
export function shippedPlugin(self: Self): string {
  const at = dirname(self.entry);
  const built = join(at, "..", "claude-plugin");
  return existsSync(built) ? built : join(at, "..", "build", "claude-plugin");
}

/** The hook program: one file beside the built command line, or the source. */
export function shippedHook(self: Self): string {
  const built = join(dirname(self.entry), "hook.mjs");
  return existsSync(built) ? built : join(dirname(self.entry), "hook.ts");
}

/**
 * This installation, as the plugin's files name it. An archive can be read by its own Electron alone,
 * so the hook program is called where `install` copied it.
 */
export function thisInstallation(paths: HomePaths, self: Self): Installation {
  const { executable, isElectron, entry } = self;
  const node = isElectron ? nodeOnPath() : null;
  return {
    executable,
    isElectron,
    entry,
    hookRuntime: node ? { executable: node, isElectron: false } : { executable, isElectron },
    hook: isInArchive(self) ? join(marketplaceFolder(paths), "hook.mjs") : shippedHook(self),
    home: paths.home,
  };
}

export function isInArchive(self: Self): boolean {
  return /\.asar[\\/]/.test(self.entry);
}

/** A Node.js on the PATH that is new enough: it starts in a third of the time of an Electron. */
function nodeOnPath(): string | null {
  const name = process.platform === "win32" ? "node.exe" : "node";
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      const options = { encoding: "utf8", timeout: 5_000 } as const;
      const version = execFileSync(path, ["--version"], options);
      if (Number(/^v(\d+)\./.exec(version)?.[1]) >= MIN_NODE) return path;
    } catch {
      // Not there, or no Node.js: the next folder.
    }
  }
  return null;
}
