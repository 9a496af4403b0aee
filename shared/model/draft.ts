import { z } from "zod";
import { isMessageId } from "../envelope/message-id.ts";
import { LABEL_SHAPE } from "../labels/labels.ts";
import { holdReason, sessionState } from "./snapshot.ts";

const label = z.string().regex(LABEL_SHAPE).nullable();

/** A message that a person is writing. Its id is the one it is sent under, so it is sent once. */
export const draft = z
  .object({
    id: z.string().refine(isMessageId),
    /** The agent in whose name it is sent; its vault keeps the draft. */
    agentId: z.string().max(64),
    /** The session to which answers go; null for the person, who has none. */
    fromSession: label,
    /** @handle, cryptoId or base64 key; may still be empty. */
    to: z.string().max(128),
    toSession: label,
    role: z.enum(["user", "agent"]),
    text: z.string().max(300_000),
    /** What it answers: that message's id, the beginning of its text, and its hold if it is held. */
    answers: z
      .object({
        id: z.string().max(128),
        quote: z.string().max(2000),
        hold: z.number().int().positive().nullable(),
        /** Once sent, the held message is settled: it leaves triage, as if discarded. */
        settle: z.boolean(),
      })
      .nullable(),
  })
  .strict();
export type Draft = z.infer<typeof draft>;

export const draftView = z.object({ draft, changedAt: z.string() });
export type DraftView = z.infer<typeof draftView>;

/**
 * What will happen to a message if it is sent now (rule U6). `place` is what routing would do on the
 * other side, known only where the other side is one of the person's own agents here.
 */
export const foresight = z.object({
  /** cryptoId */
  to: z.string(),
  toName: z.string().nullable(),
  via: z.enum(["local", "relay"]),
  relay: z.enum(["connecting", "online", "offline"]),
  /**
   * What stands between the two agents. `removed`: nothing, and nothing asks for it, since it was ended
   * here; `unknown`: the relay does not say.
   */
  contact: z.enum(["accepted", "pending", "none", "removed", "blocked", "unknown"]),
  place: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("inbox"),
      sessions: z.array(z.object({ label: z.string(), state: sessionState })),
    }),
    z.object({
      kind: z.literal("held"),
      reason: holdReason,
      toSession: z.string().nullable(),
    }),
    z.object({ kind: z.literal("dropped") }),
    z.object({ kind: z.literal("unknown") }),
  ]),
});
export type Foresight = z.infer<typeof foresight>;
