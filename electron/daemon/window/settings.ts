import { statSync } from "node:fs";
import { join } from "node:path";
import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { settingsCalls } from "../../../shared/channels/settings-calls.ts";
import { relayUrlOf } from "../../../shared/model/relay-choice.ts";
import type { Host } from "../host.ts";
import { passphraseAction } from "../passphrases.ts";

type HostSetting = Exclude<keyof typeof settingsCalls, "desktop.preferences" | "desktop.prefer">;

/** What is set per agent, and what it all takes on disk. */
export function settingsHandlers(host: Host): WindowHandlers<HostSetting> {
  return {
    "settings.get": () => {
      const { paths, embeddedRelay } = host;
      return {
        ownContacts: host.settings.ownContacts,
        relay: {
          ...host.relayChoice,
          embedded: embeddedRelay,
          bytes: embeddedRelay ? databaseBytes(paths.relayDatabase) : null,
        },
        agents: host.agents.list().map(({ identity, decisions }) => ({
          agentId: identity.cryptoId,
          policy: decisions.policy,
          policyForced: decisions.isForced,
          redirects: [...decisions.list().redirects],
          vaultBytes: databaseBytes(join(paths.agents, identity.cryptoId, "vault.db")),
        })),
      };
    },
    "host.own-contacts": ({ on }) => {
      host.setOwnContacts(on);
      return {};
    },
    "agent.unlock": async ({ agentId, passphrase }) => {
      const words = { wallet: agentId, current: passphrase, next: null };
      await passphraseAction(host, { ...words, action: "unlock" });
      return {};
    },
    "agent.lock": async ({ agentId }) => {
      await passphraseAction(host, { wallet: agentId, action: "lock", current: null, next: null });
      return {};
    },
    "relay.use": async ({ url }) => {
      await host.chooseRelay(url === null ? null : relayUrlOf(url));
      return host.relayChoice;
    },
    "relay.publish": ({ publishesForAll }) => {
      host.publishForAll(publishesForAll);
      return host.relayChoice;
    },
    "agent.policy": async ({ agentId, policy }) => {
      const agent = host.agents.get(agentId);
      await agent.decided(agent.decisions.setPolicy(policy));
      return {};
    },
    "agent.pause": async ({ agentId, paused }) => {
      const agent = host.agents.get(agentId);
      await agent.decided(agent.decisions.setPaused(paused));
      return {};
    },
  };
}

/** Pause receives and holds, and hands nothing out, for every agent (rule U1). */
export async function pauseAll(host: Host, paused: boolean): Promise<void> {
  await Promise.all(
    host.agents.list().map((agent) => agent.decided(agent.decisions.setPaused(paused))),
  );
}

/** A database and its log. */
function databaseBytes(path: string): number {
  return [path, `${path}-wal`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
