import { z } from "zod";
import { lazily } from "../lazily.ts";
import { conversationView, foundMessage } from "../model/mail.ts";
import { messageView } from "../model/snapshot.ts";

const seq = z.number().int().positive();
const inbox = { agentId: z.string(), label: z.string().max(32) };

/** Reading and searching mail as its person. */
export const mailCalls = {
  /** A session's mail, newest first: what came to `label` and what `label` sent. */
  "inbox.list": lazily({
    request: () =>
      z
        .object({
          ...inbox,
          /** One conversation: the other agent, and the other session where it is this agent itself. */
          peer: z.string().max(64).optional(),
          other: z.string().max(32).nullable().optional(),
          unread: z.boolean().optional(),
          /** Only messages with a lower `seq`; absent for the newest page. */
          before: seq.optional(),
          limit: z.number().int().min(1).max(200),
        })
        .strict(),
    response: () =>
      z.object({
        messages: z.array(messageView),
        more: z.boolean(),
        /** There is mail from `before` on, too. */
        newer: z.boolean(),
      }),
  }),
  /** Labels that have mail and no live session, the one that got some last first. */
  "inbox.earlier": lazily({
    request: () => z.object({ agentId: z.string() }).strict(),
    response: () =>
      z.object({ labels: z.array(z.object({ label: z.string(), last: z.string() })) }),
  }),
  /** With whom `label` wrote lately, the last one first. */
  "inbox.conversations": lazily({
    request: () => z.object(inbox).strict(),
    response: () => z.object({ conversations: z.array(conversationView) }),
  }),
  /** All mail of all agents, newest first, as far as it is what is looked for. */
  "mail.find": lazily({
    request: () =>
      z
        .object({
          /** All of its words, the last one as a beginning; empty for any text. */
          query: z.string().max(200),
          agentId: z.string().optional(),
          label: z.string().max(32).optional(),
          peer: z.string().max(64).optional(),
          way: z.enum(["received", "sent"]).optional(),
          unread: z.boolean().optional(),
          /** Where the last page ended, as it said in `next`. */
          before: z.record(z.string(), seq).optional(),
          limit: z.number().int().min(1).max(100),
        })
        .strict(),
    response: () =>
      z.object({
        found: z.array(foundMessage),
        /** Each agent's lowest `seq` shown; null when there is no more. */
        next: z.record(z.string(), seq).nullable(),
      }),
  }),
} as const;
