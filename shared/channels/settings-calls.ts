import { z } from "zod";
import { LABEL_SHAPE } from "../labels/labels.ts";

const nothing = z.object({}).strict();
const policy = z.enum(["primary", "broadcast", "drop"]);
const label = z.string().regex(LABEL_SHAPE);
const preferences = z.object({ startAtLogin: z.boolean(), notifications: z.boolean() });

/** What a person sets, of the host and of the desktop in front of it. */
export const settingsCalls = {
  "settings.get": {
    request: nothing,
    response: z.object({
      relay: z.object({ url: z.string(), embedded: z.boolean(), bytes: z.number().nullable() }),
      agents: z.array(
        z.object({
          agentId: z.string(),
          policy,
          /** TINYPLACE_UNROUTED_POLICY stands before what is set here. */
          policyForced: z.boolean(),
          redirects: z.array(z.object({ from: label, to: label })),
          vaultBytes: z.number(),
        }),
      ),
    }),
  },
  "agent.policy": {
    request: z.object({ agentId: z.string(), policy }).strict(),
    response: nothing,
  },
  "agent.pause": {
    request: z.object({ agentId: z.string(), paused: z.boolean() }).strict(),
    response: nothing,
  },
  "desktop.preferences": { request: nothing, response: preferences },
  "desktop.prefer": { request: preferences.partial().strict(), response: preferences },
} as const;
