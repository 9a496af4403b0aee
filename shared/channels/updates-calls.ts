import { z } from "zod";
import { lazily } from "../lazily.ts";
import { updates } from "../model/updates.ts";

const nothing = z.object({}).strict();

/** Newer versions of the application. */
export const updatesCalls = {
  "updates.get": lazily({ request: () => nothing, response: () => updates }),
  /** On: looks now, and from time to time. Off until a person turns it on. */
  "updates.set": lazily({
    request: () => z.object({ on: z.boolean() }).strict(),
    response: () => updates,
  }),
  /** Ends the application in order, and starts the version that is ready. */
  "updates.install": lazily({ request: () => nothing, response: () => nothing }),
} as const;
