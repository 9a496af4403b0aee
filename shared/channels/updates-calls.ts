import { z } from "zod";
import { updates } from "../model/updates.ts";

const nothing = z.object({}).strict();

/** Newer versions of the application. */
export const updatesCalls = {
  "updates.get": { request: nothing, response: updates },
  /** On: looks now, and from time to time. Off until a person turns it on. */
  "updates.set": { request: z.object({ on: z.boolean() }).strict(), response: updates },
  /** Ends the application in order, and starts the version that is ready. */
  "updates.install": { request: nothing, response: nothing },
} as const;
