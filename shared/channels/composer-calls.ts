import { z } from "zod";
import { lazily } from "../lazily.ts";
import { draft, draftView, foresight } from "../model/draft.ts";
import { sentMessage } from "../model/sent.ts";

const nothing = z.object({}).strict();
const id = z.string().max(128);

/** Writing as the person (rules U3, U6). */
export const composerCalls = {
  /** Opens a composer window: for a draft, as the answer to a held message, or empty. */
  "composer.open": lazily({
    request: () =>
      z
        .object({
          agentId: z.string().optional(),
          /** To whom it goes. */
          to: z.string().max(128).optional(),
          draftId: z.string().optional(),
          answer: z.object({ agentId: z.string(), seq: z.number().int().positive() }).optional(),
        })
        .strict(),
    response: () => nothing,
  }),
  "draft.get": lazily({
    request: () => z.object({ id }).strict(),
    response: () => z.object({ draft: draftView.nullable() }),
  }),
  "draft.save": lazily({ request: () => draft, response: () => nothing }),
  "draft.remove": lazily({ request: () => z.object({ id }).strict(), response: () => nothing }),
  /** Those with a text, the last changed first. */
  "drafts.list": lazily({
    request: () => nothing,
    response: () => z.object({ drafts: z.array(draftView) }),
  }),
  /** The agents that accepted contact with this one; own agents are in the snapshot. */
  "composer.contacts": lazily({
    request: () => z.object({ agentId: z.string() }).strict(),
    response: () => z.object({ contacts: z.array(z.object({ agentId: z.string() })) }),
  }),
  "composer.foresee": lazily({
    request: () =>
      draft.pick({ agentId: true, fromSession: true, to: true, toSession: true }).extend({
        inReplyTo: id.nullable(),
      }),
    response: () => foresight,
  }),
  /** Commits the message and removes its draft. */
  "composer.send": lazily({
    request: () => draft,
    response: () => z.object({ sent: sentMessage }),
  }),
  "message.status": lazily({
    request: () => z.object({ agentId: z.string(), id }).strict(),
    response: () => z.object({ sent: sentMessage }),
  }),
  /** Takes back what has not left this machine. */
  "message.cancel": lazily({
    request: () => z.object({ agentId: z.string(), id }).strict(),
    response: () => z.object({ sent: sentMessage }),
  }),
} as const;
