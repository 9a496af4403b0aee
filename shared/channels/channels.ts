import { z } from "zod";
import { lazily } from "../lazily.ts";
import { place } from "../model/place.ts";
import { agentSummary, hostSnapshot } from "../model/snapshot.ts";
import { updates } from "../model/updates.ts";
import { activityCalls } from "./activity-calls.ts";
import { composerCalls } from "./composer-calls.ts";
import { contactCalls } from "./contact-calls.ts";
import { importCalls } from "./import-calls.ts";
import { mailCalls } from "./mail-calls.ts";
import { permissionCalls } from "./permission-calls.ts";
import { pluginCalls } from "./plugin-calls.ts";
import { reachCalls } from "./reach-calls.ts";
import { responderCalls } from "./responder-calls.ts";
import { settingsCalls } from "./settings-calls.ts";
import { setupCalls } from "./setup-calls.ts";
import { triageCalls } from "./triage-calls.ts";
import { updatesCalls } from "./updates-calls.ts";

/**
 * The one map of window IPC: channel name to request and response schema. The main process checks
 * sender and request at registration; the preload exposes exactly these names and nothing else.
 */
export const windowCalls = {
  "host.snapshot": lazily({ request: () => z.object({}).strict(), response: () => hostSnapshot }),
  "agent.create": lazily({
    // What a name may be is said by whoever makes the agent.
    request: () => z.object({ name: z.string().max(1024) }).strict(),
    response: () => agentSummary,
  }),
  ...mailCalls,
  ...setupCalls,
  ...triageCalls,
  ...composerCalls,
  /** Moves an agent here from the installation that drains its mailbox now (rule N5). */
  "agent.move-here": lazily({
    request: () => z.object({ agentId: z.string() }).strict(),
    response: () => z.object({}),
  }),
  /** Brings a session's terminal to the front; where that cannot be done, why. */
  "session.raise": lazily({
    request: () => z.object({ agentId: z.string(), label: z.string().max(32) }).strict(),
    response: () => z.object({ why: z.string().nullable() }),
  }),
  ...contactCalls,
  ...activityCalls,
  ...permissionCalls,
  ...pluginCalls,
  ...reachCalls,
  ...settingsCalls,
  ...updatesCalls,
  ...responderCalls,
  ...importCalls,
} as const;

type WindowCalls = typeof windowCalls;
export type WindowCallName = keyof WindowCalls;
export type WindowRequest<N extends WindowCallName> = z.infer<WindowCalls[N]["request"]>;
export type WindowResponse<N extends WindowCallName> = z.infer<WindowCalls[N]["response"]>;

/** What answers some of the windows' calls; requests were checked before. */
export type WindowHandlers<Names extends WindowCallName = WindowCallName> = {
  [N in Names]: (request: WindowRequest<N>) => WindowResponse<N> | Promise<WindowResponse<N>>;
};

/** Events from the daemon to the windows. */
const windowEvents = {
  "host.changed": hostSnapshot,
  /** Mail of these sessions changed (arrived, was read, climbed a rung); holds when `holds` is true. */
  "mail.changed": z.object({
    agentId: z.string(),
    labels: z.array(z.string()),
    holds: z.boolean(),
  }),
  /** The window was hidden while things changed: what it shows may be of before. */
  "window.missed": z.object({}),
  /** Tray and notifications ask the window to open a place. */
  "window.navigate": place,
  "updates.changed": updates,
} as const;

type WindowEvents = typeof windowEvents;
export type WindowEventName = keyof WindowEvents;
export type WindowEvent<N extends WindowEventName> = z.infer<WindowEvents[N]>;

/** An answer over IPC never throws across the boundary: errors are data with code and next step. */
export type WindowAnswer<N extends WindowCallName> =
  | { ok: true; value: WindowResponse<N> }
  | { ok: false; error: { error: string; code: string; next: string } };

/** What the preload puts on `window.tinyplace`. */
export interface WindowBridge {
  call<N extends WindowCallName>(name: N, request: WindowRequest<N>): Promise<WindowAnswer<N>>;
  on<N extends WindowEventName>(name: N, listener: (event: WindowEvent<N>) => void): () => void;
}
