import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { permissionCalls } from "../../../shared/channels/permission-calls.ts";
import type { Host } from "../host.ts";
import { answerPermission } from "../permission-prompts.ts";

export function permissionHandlers(host: Host): WindowHandlers<keyof typeof permissionCalls> {
  return {
    "permission.answer": ({ agentId, ...answer }) => ({
      answered: answerPermission(host.agents.get(agentId), answer),
    }),
  };
}
