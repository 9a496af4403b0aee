import { existsSync } from "node:fs";
import { join } from "node:path";
import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { importCalls } from "../../../shared/channels/import-calls.ts";
import { pluginHome } from "../../platform/plugin-home.ts";
import type { Host } from "../host.ts";

export function importHandlers(host: Host): WindowHandlers<keyof typeof importCalls> {
  return {
    "import.folder": () => {
      const folder = pluginHome();
      return { folder, exists: existsSync(join(folder, "wallets.json")) };
    },
    "import.plugin": async (request) => {
      const { importPlugin } = await import("../import/import-plugin.ts");
      return importPlugin(host, request);
    },
  };
}
