import { z } from "zod";
import { ERROR_CODES } from "../errors/errors.ts";
import { LABEL_SHAPE } from "../labels/labels.ts";
import { lazily } from "../lazily.ts";

const nothing = z.object({}).strict();
const one = z.object({ agentId: z.string(), peer: z.string().max(64) }).strict();
const minute = z.number().int().min(0).max(1439).nullable();

/** What a person decided about mail (rule R5): "" stands for every sender, or every session. */
const mailRule = z
  .object({
    peer: z.string().max(64),
    label: z.union([z.literal(""), z.string().regex(LABEL_SHAPE)]),
    action: z.enum(["deliver", "hold", "ask", "refuse"]),
    /** Quiet hours in minutes of the local day, from inclusive, to exclusive; null without. */
    quietFrom: minute,
    quietTo: minute,
  })
  .strict();
export type MailRule = z.infer<typeof mailRule>;

const contactView = z.object({
  /** cryptoId */
  peer: z.string(),
  /** The person's name for it, if it is one of the person's own agents. */
  name: z.string().nullable(),
  /** A @handle under which it was met. */
  handle: z.string().nullable(),
  standing: z.enum(["accepted", "incoming", "outgoing", "blocked"]),
  /** When a person compared the safety number; null: never. */
  verifiedAt: z.string().nullable(),
});
export type ContactView = z.infer<typeof contactView>;

/** Contacts, who they are, and what their mail may do (rules C1, C2, R5). */
export const contactCalls = {
  "contacts.list": lazily({
    request: () => z.object({ agentId: z.string() }).strict(),
    response: () =>
      z.object({
        contacts: z.array(contactView),
        rules: z.array(mailRule),
        /** Why these are the contacts as they were last known; null where the relay answered. */
        problem: z
          .object({ error: z.string(), code: z.enum(ERROR_CODES), next: z.string() })
          .nullable(),
      }),
  }),
  "contact.add": lazily({
    request: () => z.object({ agentId: z.string(), to: z.string().min(1).max(128) }).strict(),
    response: () => z.object({ peer: z.string(), status: z.string() }),
  }),
  "contact.accept": lazily({
    request: () => z.object({ agentId: z.string(), requester: z.string() }).strict(),
    response: () => nothing,
  }),
  /** Declines, takes a request back, ends the contact, or ends one's own block. */
  "contact.remove": lazily({ request: () => one, response: () => nothing }),
  "contact.block": lazily({ request: () => one, response: () => nothing }),
  "contact.safety": lazily({
    request: () => one,
    response: () =>
      z.object({
        /** 60 digits in groups of five. */
        groups: z.array(z.string()),
        /** The same number as words. */
        words: z.array(z.string()),
        /** The rows of the QR code, a character per module: 1 is dark. */
        code: z.array(z.string()),
      }),
  }),
  "contact.verify": lazily({
    request: () => one.extend({ verified: z.boolean() }),
    response: () => nothing,
  }),
  "rule.set": lazily({
    request: () => z.object({ agentId: z.string(), rule: mailRule }).strict(),
    response: () => nothing,
  }),
  "rule.remove": lazily({
    request: () => one.extend({ label: z.string().max(32) }),
    response: () => nothing,
  }),
  /** After an alarm: the handle means this cryptoId, the old one or the new one. */
  "handle.decide": lazily({
    request: () => z.object({ agentId: z.string(), handle: z.string(), to: z.string() }).strict(),
    response: () => nothing,
  }),
} as const;
