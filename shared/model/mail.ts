import { z } from "zod";
import { messageView } from "./snapshot.ts";
import { suite } from "./suite.ts";

/** With whom a session writes: another agent, or another session of its own agent. */
export const conversationView = z.object({
  /** cryptoId */
  peer: z.string(),
  peerName: z.string().nullable(),
  /** The other session, for mail within one agent; undefined for other agents, whatever session. */
  other: z.string().nullable().optional(),
  /** The last message: its beginning, when it was committed here, and which way it went. */
  start: z.string(),
  at: z.string(),
  sent: z.boolean(),
  unread: z.number().int().nonnegative(),
  /** The cipher the peer is written to with; null while unknown, and within one agent. */
  suite: suite.nullable(),
  /** When a person compared the safety number; null: never. */
  verifiedAt: z.string().nullable(),
});
export type ConversationView = z.infer<typeof conversationView>;

/** A message a search found, and where it stands. */
export const foundMessage = z.object({
  agentId: z.string(),
  agentName: z.string(),
  /** The session whose mail it is; null for what no session has and no session sent. */
  label: z.string().nullable(),
  place: z.enum(["inbox", "sent", "held", "discarded", "none"]),
  message: messageView,
});
export type FoundMessage = z.infer<typeof foundMessage>;
