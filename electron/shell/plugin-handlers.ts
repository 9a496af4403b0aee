import type { WindowHandlers } from "../../shared/channels/channels.ts";
import type { pluginCalls } from "../../shared/channels/plugin-calls.ts";
import { Plugin, type PluginOptions } from "../bridge/plugin/plugin.ts";
import { tinyplaceCommand } from "../daemon/attach-command.ts";

/** Claude Code as a terminal would find it. */
const CLAUDE = "claude";

/** What the window's settings ask of the plugin; the handlers end with what Claude Code then has. */
export function pluginHandlers(
  options: Omit<PluginOptions, "claude">,
): WindowHandlers<keyof typeof pluginCalls> {
  const plugin = new Plugin({ ...options, claude: CLAUDE });
  const command = (verb: string) =>
    tinyplaceCommand(options.self, ["plugin", verb, "--home", options.paths.home]);
  const commands = { install: command("install"), uninstall: command("uninstall") };
  const status = async () => ({ ...(await plugin.status()), commands });
  return {
    "plugin.status": status,
    "plugin.install": async () => {
      await plugin.install();
      return status();
    },
    "plugin.uninstall": async () => {
      await plugin.uninstall();
      return status();
    },
  };
}
