import { z } from "zod";
import { LABEL_SHAPE } from "../labels/labels.ts";
import { lazily } from "../lazily.ts";
import { discardedView, holdView } from "../model/snapshot.ts";

const nothing = z.object({}).strict();
const hold = { agentId: z.string(), seq: z.number().int().positive() };
const label = z.string().regex(LABEL_SHAPE);

/** What a person does with held mail (rule R3). */
export const triageCalls = {
  /** Every held message of every agent, oldest first. */
  "holds.list": lazily({
    request: () => nothing,
    response: () => z.object({ holds: z.array(holdView) }),
  }),
  /** Gives a held message to a live session. */
  "hold.assign": lazily({
    request: () => z.object({ ...hold, label: z.string() }).strict(),
    response: () => nothing,
  }),
  "hold.discard": lazily({ request: () => z.object(hold).strict(), response: () => nothing }),
  /** Takes a discard back, within 30 days. */
  "hold.undiscard": lazily({ request: () => z.object(hold).strict(), response: () => nothing }),
  /** What can still be taken back, the last one first. */
  "discarded.list": lazily({
    request: () => nothing,
    response: () => z.object({ discarded: z.array(discardedView) }),
  }),
  /** From now on mail for `from`, while it is not live, goes to `to`; what is held for it, too. */
  "redirect.set": lazily({
    request: () => z.object({ agentId: z.string(), from: label, to: label }).strict(),
    response: () => nothing,
  }),
  "redirect.remove": lazily({
    request: () => z.object({ agentId: z.string(), from: label }).strict(),
    response: () => nothing,
  }),
} as const;
