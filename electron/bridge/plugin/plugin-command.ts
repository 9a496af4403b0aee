import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type HomePaths, privateFolder } from "../../platform/paths.ts";
import type { Output } from "../terminal/output.ts";
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

interface PluginOptions {
  readonly paths: HomePaths;
  readonly self: Self;
  /** Claude Code's program. */
  readonly claude: string;
  readonly output: Output;
}

/** `tinyplace plugin install`: puts the plugin together and has Claude Code install it. */
export async function installPlugin(options: PluginOptions): Promise<void> {
  const folder = putTogether(options);
  await new ClaudePlugins(options.claude).install(folder);
  options.output.result({ installed: true }, () =>
    options.output.line(
      "The tinyplace plugin is installed. Sessions that start from now on have it; /tinyplace:use makes one a session of an agent.",
    ),
  );
}

/** `tinyplace plugin uninstall`: undoes `install`. */
export async function uninstallPlugin(options: PluginOptions): Promise<void> {
  const was = await new ClaudePlugins(options.claude).uninstall();
  rmSync(marketplaceFolder(options.paths), { recursive: true, force: true });
  options.output.result({ uninstalled: was }, () =>
    options.output.line(
      was ? "The tinyplace plugin is uninstalled." : "The tinyplace plugin was not installed.",
    ),
  );
}

interface PluginStatus {
  readonly installed: boolean;
  readonly enabled: boolean;
  readonly version: string | null;
  /** It starts this very installation, for this data folder. */
  readonly current: boolean;
}

/** `tinyplace plugin status`: what Claude Code has, and whether it calls this installation. */
export async function printPluginStatus(options: PluginOptions): Promise<void> {
  const status = await pluginStatus(options);
  options.output.result(status, () => options.output.line(inWords(status)));
}

function inWords({ installed, enabled, version, current }: PluginStatus): string {
  if (!installed) return "The plugin is not installed: tinyplace plugin install.";
  const which = current ? "calls this installation" : "calls another installation or data folder";
  const off = enabled ? "" : "; it is disabled: claude plugin enable tinyplace@tinyplace";
  const next = current ? "" : "; tinyplace plugin install replaces it";
  return `The plugin ${version ?? ""} is installed and ${which}${next}${off}.`;
}

async function pluginStatus(options: PluginOptions): Promise<PluginStatus> {
  const plugin = await new ClaudePlugins(options.claude).installed();
  const wanted = installationFiles(thisInstallation(options.paths, options.self));
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
