import type { Output } from "../terminal/output.ts";
import { Plugin, type PluginOptions, type PluginStatus } from "./plugin.ts";

type PluginCommand = PluginOptions & { readonly output: Output };

/** `tinyplace plugin install` */
export async function installPlugin(options: PluginCommand): Promise<void> {
  await new Plugin(options).install();
  options.output.result({ installed: true }, () =>
    options.output.line(
      "The tinyplace plugin is installed. Sessions that start from now on have it; /tinyplace:use makes one a session of an agent.",
    ),
  );
}

/** `tinyplace plugin uninstall` */
export async function uninstallPlugin(options: PluginCommand): Promise<void> {
  const was = await new Plugin(options).uninstall();
  options.output.result({ uninstalled: was }, () =>
    options.output.line(
      was ? "The tinyplace plugin is uninstalled." : "The tinyplace plugin was not installed.",
    ),
  );
}

/** `tinyplace plugin status` */
export async function printPluginStatus(options: PluginCommand): Promise<void> {
  const status = await new Plugin(options).status();
  options.output.result(status, () => options.output.line(inWords(status)));
}

function inWords({ installed, enabled, version, current }: PluginStatus): string {
  if (!installed) return "The plugin is not installed: tinyplace plugin install.";
  const which = current ? "calls this installation" : "calls another installation or data folder";
  const off = enabled ? "" : "; it is disabled: claude plugin enable tinyplace@tinyplace";
  const next = current ? "" : "; tinyplace plugin install replaces it";
  return `The plugin ${version ?? ""} is installed and ${which}${next}${off}.`;
}
