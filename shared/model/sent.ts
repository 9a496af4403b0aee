import { z } from "zod";
import { ladderStep, rung } from "./ladder.ts";

/** A message of ours and how far it is known to have come. */
export const sentMessage = z.object({
  id: z.string(),
  /** cryptoId */
  to: z.string(),
  /** `local` for mail between sessions of one agent, else `relay`. */
  via: z.enum(["local", "relay"]),
  fromSession: z.string().nullable(),
  toSession: z.string().nullable(),
  /** The rung of rule D6 known at this moment, and all steps with their times, lowest first. */
  state: rung,
  ladder: z.array(ladderStep),
  /** Why it waits or ended. */
  problem: z.string().nullable(),
});
export type SentMessage = z.infer<typeof sentMessage>;
