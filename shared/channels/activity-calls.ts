import { z } from "zod";
import { lazily } from "../lazily.ts";
import { activityView } from "../model/activity.ts";

/** What the daemon did, and why. */
export const activityCalls = {
  /** The last one first; of one agent, or of all. */
  "activity.list": lazily({
    request: () =>
      z
        .object({ agentId: z.string().optional(), limit: z.number().int().min(1).max(1000) })
        .strict(),
    response: () => z.object({ activity: z.array(activityView) }),
  }),
} as const;
