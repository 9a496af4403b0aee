import { z } from "zod";
import { agentSummary, hostSnapshot, messageView } from "../model/snapshot.ts";
import { activityCalls } from "./activity-calls.ts";
import { composerCalls } from "./composer-calls.ts";
import { contactCalls } from "./contact-calls.ts";
import { settingsCalls } from "./settings-calls.ts";
import { triageCalls } from "./triage-calls.ts";

/**
 * The one map of window IPC: channel name to request and response schema. The main process checks
 * sender and request at registration; the preload exposes exactly these names and nothing else.
 */
export const windowCalls = {
  "host.snapshot": { request: z.object({}).strict(), response: hostSnapshot },
  /** What to type into a terminal so that Claude Code sessions attach to this application. */
  "host.attach-command": {
    request: z.object({}).strict(),
    response: z.object({ command: z.string() }),
  },
  "agent.create": {
    request: z.object({ name: z.string().min(1).max(64) }).strict(),
    response: agentSummary,
  },
  /** A session's mail, newest first: what came to `label` and what `label` sent. */
  "inbox.list": {
    request: z
      .object({
        agentId: z.string(),
        label: z.string(),
        /** Only messages with a lower `seq`; absent for the newest page. */
        before: z.number().int().positive().optional(),
        limit: z.number().int().min(1).max(200),
      })
      .strict(),
    response: z.object({ messages: z.array(messageView), more: z.boolean() }),
  },
  ...triageCalls,
  ...composerCalls,
  /** Moves an agent here from the installation that drains its mailbox now (rule N5). */
  "agent.move-here": {
    request: z.object({ agentId: z.string() }).strict(),
    response: z.object({}),
  },
  ...contactCalls,
  ...activityCalls,
  ...settingsCalls,
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
  /** Tray and notifications ask the window to open a place. */
  "window.navigate": z.object({
    view: z.enum(["agent", "unrouted"]),
    agentId: z.string().optional(),
    label: z.string().optional(),
  }),
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
