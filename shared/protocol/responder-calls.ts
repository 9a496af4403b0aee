import { z } from "zod";
import { lazily } from "../lazily.ts";
import { responderStanding } from "../model/responder.ts";
import { sentMessage } from "../model/sent.ts";

export const autorespondState = z.object({
  state: z.enum(["on", "off"]),
  reason: responderStanding.options[0].shape.reason.or(responderStanding.options[1].shape.reason),
  /** Messages that wait for an automatic answer, are being answered, could not be answered. */
  waiting: z.number().int(),
  running: z.number().int(),
  failed: z.number().int(),
  spentTodayUsd: z.number(),
  dailyLimitUsd: z.number(),
});

/** Automatic answers (rules X1, X2, S4). */
export const responderCalls = {
  /** Turns the session's agent's automatic answers on or off; null only says how they are. */
  autorespond: lazily({
    params: () => z.object({ state: z.enum(["on", "off"]).nullable() }),
    result: () => z.object({ autorespond: autorespondState }),
  }),
  /**
   * The answer of a responder's child. What it was started with decides where the answer goes and
   * under which id; what the child says of that may only agree. Repeating the call sends once.
   */
  "answer.send": lazily({
    params: () =>
      z.object({
        token: z.string().min(1).max(64),
        body: z.string(),
        to: z.string().max(128).nullable(),
        toSession: z.string().max(256).nullable(),
        inReplyTo: z.string().max(128).nullable(),
      }),
    result: () => z.object({ sent: sentMessage }),
  }),
} as const;
