import { z } from "zod";
import type { WindowCallName, windowCalls } from "../channels/channels.ts";
import { lazily } from "../lazily.ts";
import { sentMessage } from "../model/sent.ts";
import { receivedMessage } from "./received-message.ts";

/**
 * What a person at a terminal asks. They are no session: nothing is routed to them, and to look at mail
 * never marks it as read. Wallets go by name or cryptoId.
 */
const wallet = z.string().min(1).max(64);
const label = z.string().max(64);
const id = z.string().max(128);

/** The calls of windows that need no window: a terminal does the same by the same code (rule U5). */
const PERSON_ASKS = [
  "agent.create",
  "agent.move-here",
  "agent.pause",
  "agent.policy",
  "holds.list",
  "hold.assign",
  "hold.discard",
  "hold.undiscard",
  "discarded.list",
  "redirect.set",
  "redirect.remove",
  "composer.send",
  "contacts.list",
  "contact.add",
  "contact.accept",
  "contact.remove",
  "contact.block",
  "contact.safety",
  "contact.verify",
  "settings.get",
  "relay.use",
] as const satisfies readonly WindowCallName[];
export type PersonAsk = (typeof PERSON_ASKS)[number];

export const personCalls = {
  /** Request and response are those of the window call; each end reads them by its schema. */
  "person.ask": lazily({
    params: () => z.object({ call: z.enum(PERSON_ASKS), request: z.unknown() }),
    result: () => z.object({ response: z.unknown() }),
  }),
  /** Whom a @handle, a cryptoId or a base64 key means to this wallet. */
  "person.resolve": lazily({
    params: () => z.object({ wallet, peer: id.min(1) }),
    result: () => z.object({ cryptoId: z.string() }),
  }),
  /** Unread mail by label, oldest first, at most `limit` of each label; it stays unread. */
  "person.unread": lazily({
    params: () =>
      z.object({
        wallet,
        label: label.nullable(),
        limit: z.number().int().min(1).max(200),
      }),
    result: () =>
      z.object({
        inboxes: z.array(
          z.object({
            label: z.string(),
            live: z.boolean(),
            unread: z.number().int(),
            messages: z.array(receivedMessage),
          }),
        ),
      }),
  }),
  /** Hands a label's unread mail to the person; it is read once `person.taken` names it. */
  "person.take": lazily({
    params: () => z.object({ wallet, label, limit: z.number().int().min(1).max(200) }),
    result: () =>
      z.object({ messages: z.array(receivedMessage), deliveries: z.array(z.number().int()) }),
  }),
  /** What was taken has arrived, whichever host handed it out: it is read. `agent` is a cryptoId. */
  "person.taken": lazily({
    params: () => z.object({ agent: id, label, deliveries: z.array(z.number().int()).max(200) }),
    result: () => z.object({}),
  }),
  /**
   * How far a sent message has come, as soon as more than `known` steps of its ladder are, or its
   * answer is here where `answer` waits for one; after `waitMs` at the latest.
   */
  "person.follow": lazily({
    params: () =>
      z.object({
        wallet,
        id,
        known: z.number().int().min(0).max(100),
        waitMs: z.number().int().min(0).max(60_000),
      }),
    result: () => z.object({ sent: sentMessage, answer: receivedMessage.nullable() }),
  }),
} as const;

type Asks = typeof windowCalls;
export type AskRequest<N extends PersonAsk> = z.infer<Asks[N]["request"]>;
export type AskResponse<N extends PersonAsk> = z.infer<Asks[N]["response"]>;
