import { z } from "zod";
import { lazily } from "../lazily.ts";
import { sessionWays } from "../model/session-ways.ts";

export const reachCalls = {
  /** Which ways into a live session work now; null when it is not live. */
  "session.ways": lazily({
    request: () => z.object({ agentId: z.string(), label: z.string() }).strict(),
    response: () => z.object({ ways: sessionWays.nullable() }),
  }),
} as const;
