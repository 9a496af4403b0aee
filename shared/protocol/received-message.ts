import { z } from "zod";
import { senderNote } from "../model/sender-note.ts";

/** A received message as a session sees it. `from` is the sender's cryptoId; all of it is untrusted. */
export const receivedMessage = z.object({
  id: z.string(),
  from: z.string(),
  fromSession: z.string().nullable(),
  role: z.enum(["user", "agent"]),
  text: z.string(),
  inReplyTo: z.string().nullable(),
  timestamp: z.string().nullable(),
  auto: z.boolean(),
  /** It was handed out before, and that answer is not known to have reached the session. */
  redelivered: z.boolean(),
  /** Sent again after a repair: it may be older than what came before it. */
  late: z.boolean(),
  /** A person took it out of a hold and gave it to this session. */
  released: z.boolean(),
  /** The answer that was sent automatically in this session's name while it did not read it; its id. */
  autoAnswer: z.string().nullable(),
});
export type ReceivedMessage = z.infer<typeof receivedMessage>;

/** As a session's tools say it, with what this machine knows of its sender. */
export const toldMessage = receivedMessage.extend(senderNote.shape);
export type ToldMessage = z.infer<typeof toldMessage>;
