import { z } from "zod";

const activityKind = z.enum([
  "sent",
  /** A message of ours ended without being delivered; why: its rung. */
  "ended",
  "delivered",
  "held",
  /** By a policy or a rule nobody gets it. */
  "dropped",
  /** A person gave a held message to a session. */
  "given",
  /** A session took a held message itself. */
  "claimed",
  "discarded",
  "undiscarded",
  /** A peer was asked to send again what could not be decrypted. */
  "repair_asked",
  /** What we sent goes out again, because a peer asked. */
  "repair_answered",
  /** Why: asked, accepted, declined or removed. */
  "contact",
  /** A handle means another agent than before. */
  "handle_changed",
  /** Who drains the mailbox; why: held, elsewhere or unsupported. */
  "lease",
  /** A message was answered without a session or a person. */
  "auto_answered",
  /** It could not be, and is kept. */
  "auto_failed",
  /** Automatic answers were turned on, off, or stopped; why: which. */
  "autorespond",
  /** Data of this agent was taken over from elsewhere. */
  "imported",
]);
export type ActivityKind = z.infer<typeof activityKind>;

/** One thing the daemon did; no message's text. */
export const activityView = z.object({
  seq: z.number().int(),
  agentId: z.string(),
  agentName: z.string(),
  at: z.string(),
  kind: activityKind,
  /** cryptoId, or a handle */
  peer: z.string().nullable(),
  peerName: z.string().nullable(),
  label: z.string().nullable(),
  message: z.string().nullable(),
  why: z.string().nullable(),
});
export type ActivityView = z.infer<typeof activityView>;
