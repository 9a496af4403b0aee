import { z } from "zod";

/** The first steps after the first agent was made; kept, so that they can be gone on with. */
export const setup = z.strictObject({
  agentId: z.string().min(1).max(64),
  /** The first message, once it was sent. */
  messageId: z.string().max(128).nullable(),
});
export type Setup = z.infer<typeof setup>;
