import { z } from "zod";
import { lazily } from "../lazily.ts";
import { sessionWays } from "../model/session-ways.ts";

/** For `tinyplace doctor`: what works at this moment, tried and not assumed. */
export const reachCalls = {
  "reach.check": lazily({
    params: () =>
      z.object({
        /**
         * Also pushes a marked message to each channel that was not proven. Where a channel listens, its
         * session begins a turn with it.
         */
        push: z.boolean(),
      }),
    result: () =>
      z.object({
        agents: z.array(
          z.object({
            name: z.string(),
            /** How long the relay took to answer a signed question, in ms; null: it did not. */
            relayMs: z.number().nullable(),
            problem: z.string().nullable(),
            /** One-time keys that the relay has of the agent; null: nothing is published. */
            oneTimeKeys: z.number().int().nullable(),
          }),
        ),
        sessions: z.array(
          z.object({
            agent: z.string(),
            label: z.string(),
            pid: z.number().int(),
            project: z.string(),
            ways: sessionWays,
          }),
        ),
      }),
  }),
  /** The harness of this connection's session answered what the bridge asked it for a `check`. */
  "check.answered": lazily({
    params: () => z.object({ mark: z.string().max(64) }),
    result: () => z.object({}),
  }),
} as const;

export const reachNotifications = {
  /** The bridge asks its harness for a sign of life, and says with the mark that it gave one. */
  check: z.object({ mark: z.string() }),
} as const;
