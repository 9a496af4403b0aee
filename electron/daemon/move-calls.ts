import type { moveCalls } from "../../shared/protocol/move-calls.ts";
import type { CallHandlers } from "./call-handlers.ts";
import type { Host } from "./host.ts";
import { deleteAgent, losses } from "./move/deletion.ts";

/**
 * Agents that come from elsewhere and go there: a person's commands, which need no session. What does it
 * is loaded then: most hosts are never asked.
 */
export function moveHandlers(hostOf: () => Host): CallHandlers<keyof typeof moveCalls> {
  return {
    "import.plugin": async (request) => {
      const { importPlugin } = await import("./import/import-plugin.ts");
      return importPlugin(hostOf(), request);
    },
    "agent.export": async (request) => (await backups()).exportAgent(hostOf(), request),
    "agent.restore": async (request) => (await backups()).restoreAgent(hostOf(), request),
    "agent.losses": ({ wallet }) => losses(hostOf(), wallet),
    "agent.delete": (request) => deleteAgent(hostOf(), request),
  };
}

function backups() {
  return import("./move/backups.ts");
}
