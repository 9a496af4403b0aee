import type { WindowCallName, WindowHandlers } from "../../../shared/channels/channels.ts";
import type { pluginCalls } from "../../../shared/channels/plugin-calls.ts";
import type { setupCalls } from "../../../shared/channels/setup-calls.ts";
import type { updatesCalls } from "../../../shared/channels/updates-calls.ts";
import type { Host } from "../host.ts";
import { activityHandlers } from "./activity.ts";
import { composerHandlers } from "./composer.ts";
import { contactHandlers } from "./contacts.ts";
import { importHandlers } from "./import.ts";
import { mailHandlers } from "./inbox.ts";
import { permissionHandlers } from "./permissions.ts";
import { reachHandlers } from "./reach.ts";
import { responderHandlers } from "./responder.ts";
import { settingsHandlers } from "./settings.ts";
import { triageHandlers } from "./triage.ts";

/** Calls that need more than the host: the shell answers them. */
type ShellCall =
  | "host.snapshot"
  | keyof typeof setupCalls
  | keyof typeof updatesCalls
  | "session.raise"
  | "composer.open"
  | keyof typeof pluginCalls
  | "desktop.preferences"
  | "desktop.prefer";

/** What windows ask of the host. */
export function hostHandlers(host: Host): WindowHandlers<Exclude<WindowCallName, ShellCall>> {
  return {
    "agent.create": async ({ name }) => (await host.agents.create(name)).summary(),
    "agent.move-here": async ({ agentId }) => {
      await host.agents.get(agentId).moveHere();
      return {};
    },
    ...mailHandlers(host),
    ...contactHandlers(host),
    ...activityHandlers(host),
    ...permissionHandlers(host),
    ...reachHandlers(host),
    ...settingsHandlers(host),
    ...responderHandlers(host),
    ...triageHandlers(host),
    ...composerHandlers(host),
    ...importHandlers(host),
  };
}
