import { statSync } from "node:fs";
import { join } from "node:path";
import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { Host } from "../host.ts";

type HostSetting = "settings.get" | "agent.policy" | "agent.pause";

/** What is set per agent, and what it all takes on disk. */
export function settingsHandlers(host: Host): WindowHandlers<HostSetting> {
  return {
    "settings.get": () => {
      const { paths, embeddedRelay } = host;
      return {
        relay: {
          url: host.relayAddress,
          embedded: embeddedRelay,
          bytes: embeddedRelay ? databaseBytes(paths.relayDatabase) : null,
        },
        agents: host.agents().map(({ identity, decisions }) => ({
          agentId: identity.cryptoId,
          policy: decisions.policy,
          policyForced: decisions.isForced,
          redirects: [...decisions.list().redirects],
          vaultBytes: databaseBytes(join(paths.agents, identity.cryptoId, "vault.db")),
        })),
      };
    },
    "agent.policy": async ({ agentId, policy }) => {
      const agent = host.agent(agentId);
      await agent.decided(agent.decisions.setPolicy(policy));
      return {};
    },
    "agent.pause": async ({ agentId, paused }) => {
      const agent = host.agent(agentId);
      await agent.decided(agent.decisions.setPaused(paused));
      return {};
    },
  };
}

/** Pause receives and holds, and hands nothing out, for every agent (rule U1). */
export async function pauseAll(host: Host, paused: boolean): Promise<void> {
  await Promise.all(host.agents().map((agent) => agent.decided(agent.decisions.setPaused(paused))));
}

/** A database and its log. */
function databaseBytes(path: string): number {
  return [path, `${path}-wal`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
