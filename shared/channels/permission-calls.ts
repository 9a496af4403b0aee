import { z } from "zod";
import { lazily } from "../lazily.ts";

/** What a session asks its person to allow. */
export const permissionCalls = {
  /** `answered` is false when it was answered elsewhere meanwhile. */
  "permission.answer": lazily({
    request: () =>
      z
        .object({ agentId: z.string(), label: z.string(), id: z.string(), allow: z.boolean() })
        .strict(),
    response: () => z.object({ answered: z.boolean() }),
  }),
} as const;
