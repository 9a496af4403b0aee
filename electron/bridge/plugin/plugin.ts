import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type HomePaths, privateFolder } from "../../platform/paths.ts";
import { ClaudePlugins } from "./claude-plugins.ts";
import { installationFiles } from "./plugin-files.ts";
import {
  isInArchive,
  marketplaceFolder,
  type Self,
  shippedHook,
  shippedPlugin,
  thisInstallation,
} from "./this-installation.ts";

export interface PluginOptions {
  readonly paths: HomePaths;
  readonly self: Self;
  /** Claude Code's program. */
  readonly claude: string;
}

export interface PluginStatus {
  readonly installed: boolean;
  readonly enabled: boolean;
  readonly version: string | null;
  /** It starts this very installation, for this data folder. */
  readonly current: boolean;
}

/** The plugin for Claude Code, as the command line and the window's settings manage it (rule M3). */
export class Plugin {
  private readonly options: PluginOptions;

  constructor(options: PluginOptions) {
    this.options = options;
  }

  /** Puts the plugin together and has Claude Code install it. */
  async install(): Promise<void> {
    const folder = putTogether(this.options);
    await new ClaudePlugins(this.options.claude).install(folder);
  }

  /** Undoes `install`; false when there was nothing to undo. */
  async uninstall(): Promise<boolean> {
    const was = await new ClaudePlugins(this.options.claude).uninstall();
    rmSync(marketplaceFolder(this.options.paths), { recursive: true, force: true });
    return was;
  }

  /** What Claude Code has, and whether it calls this installation. */
  async status(): Promise<PluginStatus> {
    const { paths, self, claude } = this.options;
    const plugin = await new ClaudePlugins(claude).installed();
    const wanted = installationFiles(thisInstallation(paths, self));
    const current = Object.entries(wanted).every(([path, content]) => {
      const file = join(plugin?.installPath ?? "", path);
      return existsSync(file) && readFileSync(file, "utf8") === content;
    });
    return {
      installed: plugin !== null,
      enabled: plugin?.enabled ?? false,
      version: plugin?.version ?? null,
      current: plugin !== null && current,
    };
  }
}

/** The shipped files and those that name this installation, in the data folder. */
function putTogether({ paths, self }: PluginOptions): string {
  privateFolder(paths.home);
  const folder = marketplaceFolder(paths);
  rmSync(folder, { recursive: true, force: true });
  copyFolder(shippedPlugin(self), folder);
  if (isInArchive(self)) writeFileSync(join(folder, "hook.mjs"), readFileSync(shippedHook(self)));
  for (const [path, content] of Object.entries(installationFiles(thisInstallation(paths, self)))) {
    const file = join(folder, "tinyplace", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}

/** File by file: an archive has no folder that the system could copy. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    else writeFileSync(target, readFileSync(source));
  }
}
