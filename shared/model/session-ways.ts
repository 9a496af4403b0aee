import { z } from "zod";

/** Whether mail can reach a session's model on one way, and how that is known. */
const way = z.object({
  /** `unproven`: it may work, and nothing showed it yet. */
  state: z.enum(["works", "unproven", "fails"]),
  /** For a person: what showed it, or what to do. */
  proof: z.string(),
});
export type Way = z.infer<typeof way>;

/** The ways in of one live session (rule U5). */
export const sessionWays = z.object({ tool: way, hook: way, wake: way, channel: way });
export type SessionWays = z.infer<typeof sessionWays>;
