import type { WindowHandlers } from "../../shared/channels/channels.ts";
import type { setupCalls } from "../../shared/channels/setup-calls.ts";
import { attachCommand, attachWords, type CommandLine } from "../daemon/attach-command.ts";
import type { Host } from "../daemon/host.ts";
import { connectClaude } from "./connect-claude.ts";
import type { Preferences } from "./preferences.ts";

const EVERYWHERE = { harnessSessionId: null, project: null };

/** The first steps, and what the window comes back to. */
export function setupHandlers(
  host: Host,
  commandLine: CommandLine,
  preferences: Preferences,
): WindowHandlers<Exclude<keyof typeof setupCalls, "window.remembered">> {
  const { home } = host.paths;
  return {
    "host.attach-command": () => ({ command: attachCommand(commandLine, home) }),
    "claude.connect": async ({ agentId }) => {
      const agent = host.agents.get(agentId);
      await connectClaude(attachWords(commandLine, home));
      const chosen = host.assignments.find(EVERYWHERE);
      if (!chosen) host.assignments.set("global", agentId, host.clock.now());
      return { comesAs: host.agents.nameOf(chosen?.agent ?? agentId) ?? agent.identity.name };
    },
    "window.remember": ({ place, setup }) => {
      preferences.change({
        ...(place !== undefined && { place }),
        ...(setup !== undefined && { setup }),
      });
      return {};
    },
  };
}
