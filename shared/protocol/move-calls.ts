import { z } from "zod";
import { lazily } from "../lazily.ts";
import { importReport } from "../model/import-report.ts";

const wallet = z.string().min(1).max(64);
const path = z.string().min(1).max(4096);
const secret = z.string().max(4096);

const lease = z.discriminatedUnion("state", [
  z.object({ state: z.literal("held") }),
  z.object({ state: z.literal("elsewhere"), host: z.string(), since: z.string() }),
  z.object({ state: z.literal("unsupported") }),
]);

const agentLosses = z.object({
  name: z.string(),
  cryptoId: z.string(),
  messages: z.number().int().nullable(),
  unread: z.number().int().nullable(),
  queued: z.number().int().nullable(),
  /** Labels of live sessions. */
  sessions: z.array(z.string()),
  /** They go on standing for the agent. */
  handles: z.array(z.string()),
});
export type AgentLosses = z.infer<typeof agentLosses>;

/** Agents that come from elsewhere, and go there. Folders and files are named by absolute paths. */
export const moveCalls = {
  /** Takes the earlier plugin's data; a dry run says what would be taken. */
  "import.plugin": lazily({
    params: () => z.object({ from: path, dryRun: z.boolean() }),
    result: () => importReport,
  }),
  /** Writes an encrypted backup of an agent, without its ratchets. */
  "agent.export": lazily({
    params: () => z.object({ wallet, out: path, passphrase: secret }),
    result: () => z.object({ name: z.string(), cryptoId: z.string(), messages: z.number().int() }),
  }),
  /** Makes an agent of a backup. `moveHere` takes its mailbox from another installation. */
  "agent.restore": lazily({
    params: () => z.object({ file: path, passphrase: secret, moveHere: z.boolean() }),
    result: () =>
      z.object({
        name: z.string(),
        cryptoId: z.string(),
        writtenAt: z.string(),
        messages: z.number().int(),
        queued: z.number().int(),
        notSent: z.number().int(),
        /** Where its mailbox is drained; null: the relay did not answer. */
        lease: lease.nullable(),
      }),
  }),
  /** What goes with an agent that is deleted. Null: it cannot be read, since the vault does not open. */
  "agent.losses": lazily({
    params: () => z.object({ wallet }),
    result: () => agentLosses,
  }),
  /** Removes an agent from this data folder; `confirm` is its name. */
  "agent.delete": lazily({
    params: () => z.object({ wallet, confirm: z.string().max(64), endSessions: z.boolean() }),
    result: () =>
      z.object({
        /** Whether the directory's card was taken off the relay. */
        cardRemoved: z.boolean(),
      }),
  }),
} as const;
