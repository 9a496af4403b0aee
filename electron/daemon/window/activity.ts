import type { activityCalls } from "../../../shared/channels/activity-calls.ts";
import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import { activity } from "../../vault/activity-table.ts";
import type { Host } from "../host.ts";

export function activityHandlers(host: Host): WindowHandlers<keyof typeof activityCalls> {
  return {
    "activity.list": ({ agentId, limit }) => {
      const agents = agentId === undefined ? host.agents.list() : [host.agents.get(agentId)];
      const rows = agents.flatMap(({ identity, vault }) =>
        activity(vault, limit).map((row) => ({
          ...row,
          agentId: identity.cryptoId,
          agentName: identity.name,
          at: new Date(row.at).toISOString(),
          peerName: row.peer === null ? null : host.agents.nameOf(row.peer),
        })),
      );
      const latestFirst = rows.sort((a, b) =>
        a.at === b.at ? b.seq - a.seq : a.at < b.at ? 1 : -1,
      );
      return { activity: latestFirst.slice(0, limit) };
    },
  };
}
