import { z } from "zod";

/** What one import of the earlier plugin's data took, left, or (in a dry run) would take. */
const leftFile = z.object({
  /** Within the plugin's folder. */
  path: z.string(),
  why: z.string(),
});

const importedAgent = z.object({
  /** As the plugin called it. */
  wallet: z.string(),
  cryptoId: z.string().nullable(),
  /** What it is called here; null where it was not taken. */
  name: z.string().nullable(),
  /** `known`: it was here before, so nothing but mail that it does not have yet is taken. */
  outcome: z.enum(["taken", "known", "left"]),
  /** Why it was left. */
  problem: z.string().nullable(),
  /** Running conversations: ratchet states of the network's own cipher. */
  conversations: z.number().int(),
  /** Received mail that was waiting in a session's inbox. */
  delivered: z.number().int(),
  /** Received mail that no session had yet, or that may have been read. */
  held: z.number().int(),
  /** Mail that had not been sent. */
  unsent: z.number().int(),
  left: z.array(leftFile),
  /** What to know about it, in sentences. */
  notes: z.array(z.string()),
});
export type ImportedAgent = z.infer<typeof importedAgent>;

export const importReport = z.object({
  from: z.string(),
  dryRun: z.boolean(),
  agents: z.array(importedAgent),
  /** Of sessions and folders to agents. */
  assignments: z.number().int(),
  /** What belongs to no agent. */
  left: z.array(leftFile),
  /** The plugin's own processes that run; nothing is imported while they do. */
  running: z.array(z.object({ wallet: z.string(), pid: z.number().int() })),
});
export type ImportReport = z.infer<typeof importReport>;
export type LeftFile = z.infer<typeof leftFile>;
