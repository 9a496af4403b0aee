import type { moveCalls } from "../../shared/protocol/move-calls.ts";
import type { CallHandlers } from "./call-handlers.ts";
import type { Host } from "./host.ts";
import { importPlugin } from "./import/import-plugin.ts";
import { exportAgent, restoreAgent } from "./move/backups.ts";
import { deleteAgent, losses } from "./move/deletion.ts";

/** Agents that come from elsewhere and go there: a person's commands, which need no session. */
export function moveHandlers(hostOf: () => Host): CallHandlers<keyof typeof moveCalls> {
  return {
    "import.plugin": (request) => importPlugin(hostOf(), request),
    "agent.export": (request) => exportAgent(hostOf(), request),
    "agent.restore": (request) => restoreAgent(hostOf(), request),
    "agent.losses": ({ wallet }) => losses(hostOf(), wallet),
    "agent.delete": (request) => deleteAgent(hostOf(), request),
  };
}
