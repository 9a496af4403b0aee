import { randomBytes } from "node:crypto";
import type { z } from "zod";
import {
  type FramedMessage,
  frameContactRequest,
  frameMessage,
  newDelimiter,
} from "../../../shared/framing/frame.ts";
import type { ToldMessage } from "../../../shared/protocol/received-message.ts";
import type { foundMessage, heldMessage } from "../../../shared/protocol/triage-calls.ts";

/** All frames of one result, in characters: the JSON beside them says everything a second time. */
const FRAMES_CHARACTERS = 24_000;
const REST = "the JSON of this result has all of it";

/** What others wrote in a tool's result, framed (rule Z4). Nothing: no frames. */
export function framed(messages: readonly FramedMessage[]): string[] {
  if (messages.length === 0) return [];
  const limit = Math.floor(FRAMES_CHARACTERS / messages.length);
  return messages.map((message) =>
    frameMessage(message, newDelimiter(randomBytes(8)), { limit, rest: REST }),
  );
}

export function framedReply(reply: ToldMessage | null): string[] {
  return reply ? framed([reply]) : [];
}

export function framedRequests(requests: readonly { agentId: string }[]): string[] {
  return requests.map(({ agentId }) => frameContactRequest(agentId, null));
}

/** Held mail whose text the session may see. */
export function framedHolds(holds: readonly z.infer<typeof heldMessage>[]): string[] {
  return framed(holds.filter(({ claimable }) => claimable).map((hold) => ({ ...PLAIN, ...hold })));
}

/** Found mail, less what this agent wrote itself. */
export function framedFound(messages: readonly z.infer<typeof foundMessage>[]): string[] {
  const received = messages.filter(({ direction }) => direction !== "out");
  return framed(received.map((message) => ({ ...PLAIN, ...message, from: message.peer })));
}

/** What is not known of mail that was not handed to the session. */
const PLAIN = {
  role: "agent",
  inReplyTo: null,
  auto: false,
  late: false,
  redelivered: false,
  released: false,
  autoAnswer: null,
} as const;
