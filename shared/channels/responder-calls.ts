import { z } from "zod";
import { lazily } from "../lazily.ts";
import { responderChange, responderView } from "../model/responder.ts";

const nothing = z.object({}).strict();
const agentId = z.string();
/** A message in the queue, by its `seq`. */
const oneJob = z.object({ agentId, job: z.number().int().positive() }).strict();

/** Automatic answers, per agent (rules X1, X2). */
export const responderCalls = {
  "responder.get": lazily({
    request: () => z.object({ agentId }).strict(),
    response: () => responderView,
  }),
  "responder.set": lazily({
    request: () => z.object({ agentId, settings: responderChange }).strict(),
    response: () => nothing,
  }),
  /** A message whose answer failed, for now or for good, is tried again at once. */
  "responder.retry": lazily({ request: () => oneJob, response: () => nothing }),
  /** It is left to a session or a person. */
  "responder.give-up": lazily({ request: () => oneJob, response: () => nothing }),
  /** Ends every automatic answer of every agent, until each is turned on again. */
  "responder.stop-all": lazily({ request: () => nothing, response: () => nothing }),
} as const;
