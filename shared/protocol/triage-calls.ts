import { z } from "zod";
import { lazily } from "../lazily.ts";
import { senderNote } from "../model/sender-note.ts";
import { holdReason } from "../model/snapshot.ts";

/** Calls of a session about mail that is not in its inbox. */
export const heldMessage = z.object({
  ...senderNote.shape,
  id: z.string(),
  from: z.string(),
  fromSession: z.string().nullable(),
  toSession: z.string().nullable(),
  /** Empty where a person is to see it first. */
  text: z.string(),
  reason: holdReason,
  timestamp: z.string().nullable(),
  /** A session may take it: nobody decided that it waits for the person. */
  claimable: z.boolean(),
});

export const foundMessage = z.object({
  /** Of `peer`. */
  ...senderNote.shape,
  id: z.string(),
  direction: z.enum(["in", "out", "local"]),
  /** The other agent (the agent itself for mail between its sessions). */
  peer: z.string(),
  fromSession: z.string().nullable(),
  toSession: z.string().nullable(),
  text: z.string(),
  timestamp: z.string(),
});

export const triageCalls = {
  /** Held mail of this agent, oldest first; `claim` moves those messages into this session's inbox. */
  "holds.list": lazily({
    params: () => z.object({ claim: z.array(z.string().max(128)).max(100) }),
    result: () => z.object({ holds: z.array(heldMessage), claimed: z.array(z.string()) }),
  }),
  /** Words that stand in a message of this agent, the last one perhaps only begun; newest first. */
  "mail.search": lazily({
    params: () =>
      z.object({
        query: z.string().min(1).max(400),
        limit: z.number().int().min(1).max(100),
      }),
    result: () => z.object({ messages: z.array(foundMessage) }),
  }),
  /** Gives the session with a peer up: the next message begins a new one. */
  "session.reset": lazily({
    params: () => z.object({ peer: z.string().min(1).max(128) }),
    result: () => z.object({ reset: z.object({ peer: z.string(), hadSession: z.boolean() }) }),
  }),
} as const;
