import { z } from "zod";

const agentId = z.string().min(1).max(64);
const label = z.string().min(1).max(32);

/**
 * A place of the main window: what its right-hand side shows. Tray, notifications, links and the last
 * run lead to one; none of them does anything else.
 */
export const place = z.discriminatedUnion("view", [
  z.strictObject({
    view: z.enum([
      "drafts",
      "contacts",
      "activity",
      "settings",
      "new-agent",
      "import",
      /** The first steps, until they are done. */
      "setup",
    ]),
  }),
  z.strictObject({
    view: z.literal("unrouted"),
    list: z.enum(["held", "discarded"]).optional(),
    /** The message to go to in that list: of which agent, and where it stands in the agent's vault. */
    agentId: agentId.optional(),
    seq: z.number().int().positive().optional(),
  }),
  /** Searches everywhere, or where it is named. */
  z.strictObject({
    view: z.literal("search"),
    agentId: agentId.optional(),
    label: label.optional(),
  }),
  z.strictObject({ view: z.literal("agent"), agentId }),
  z.strictObject({
    view: z.literal("session"),
    agentId,
    label,
    /** The id of the message to go to, and where it stands in the agent's vault if that is known. */
    message: z.string().max(128).optional(),
    seq: z.number().int().positive().optional(),
  }),
]);
export type Place = z.infer<typeof place>;
