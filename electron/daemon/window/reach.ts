import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { reachCalls } from "../../../shared/channels/reach-calls.ts";
import type { Host } from "../host.ts";

export function reachHandlers(host: Host): WindowHandlers<keyof typeof reachCalls> {
  return {
    "session.ways": async ({ agentId, label }) => {
      const session = host.agents.get(agentId).sessions.get(label);
      return { ways: session ? await host.reach.waysOf(session) : null };
    },
  };
}
