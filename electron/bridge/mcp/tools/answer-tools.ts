import { z } from "zod";
import { errorView } from "../../../../shared/errors/errors.ts";
import { type SentMessage, sentMessage } from "../../../../shared/model/sent.ts";
import { toldMessage } from "../../../../shared/protocol/received-message.ts";
import { freshMessageId } from "../../../platform/fresh-message-id.ts";
import { timeLeft } from "../../time-left.ts";
import { framedReply } from "../framed.ts";
import type { BridgeSession } from "../session.ts";
import { type Answer, peer, type Tools, tool, UNTRUSTED } from "../tool.ts";

const DEFAULT_WAIT_SECONDS = 180;

const outgoing = {
  to: peer,
  body: z.string().min(1),
  to_session: z.string().optional(),
  in_reply_to: z.string().optional(),
  role: z.enum(["user", "agent"]).optional(),
};
type Outgoing = z.infer<z.ZodObject<typeof outgoing>>;

/** The call that sends it. Its id is made before the first attempt: a repeated one sends once (M1). */
function sending(input: Outgoing, auto: boolean) {
  return {
    id: freshMessageId(),
    to: input.to,
    body: input.body,
    toSession: input.to_session ?? null,
    inReplyTo: input.in_reply_to ?? null,
    role: input.role ?? ("agent" as const),
    auto,
  };
}

/** Sending, alone and with its answer. */
export const answerTools: Tools = {
  send: tool({
    title: "Send a message",
    description:
      "Sends an end-to-end encrypted message to an agent, or to one of its sessions with to_session. To answer a message, name its id in in_reply_to and its fromSession in to_session. The state says how far it is known to have come: never assume more.",
    input: outgoing,
    output: { sent: sentMessage },
    readOnly: false,
    openWorld: true,
    run: async (session, input) => ({
      result: await session.client.call("send", sending(input, false)),
    }),
  }),
  auto_reply: tool({
    title: "Answer automatically",
    description:
      "Answers a message without a person or a session having asked for it. The answer is marked as automatic, and an automatic answer is never answered automatically.",
    input: { ...outgoing, in_reply_to: z.string().min(1) },
    output: { sent: sentMessage },
    readOnly: false,
    openWorld: true,
    run: async (session, input) => ({
      result: await session.client.call("send", sending(input, true)),
    }),
  }),
  send_and_wait: tool({
    title: "Send a message and wait for its answer",
    description: `Sends a message and waits for its answer, at most timeout_seconds (default ${DEFAULT_WAIT_SECONDS}). An answer that comes later is in the inbox, and check_reply finds it. ${UNTRUSTED}`,
    input: { ...outgoing, timeout_seconds: z.number().min(0).max(600).optional() },
    output: {
      sent: sentMessage,
      reply: z.object(toldMessage.shape).nullable(),
      timedOut: z.boolean().optional(),
      problem: z.string().optional(),
    },
    readOnly: false,
    openWorld: true,
    run: async (session, { timeout_seconds, ...input }, signal) => {
      const { sent } = await session.client.call("send", sending(input, false));
      const waitMs = (timeout_seconds ?? DEFAULT_WAIT_SECONDS) * 1000;
      try {
        return await answerOf(session, { sent, waitMs, signal });
      } catch (error) {
        // The model that is not told of the message would send it again.
        return { result: { sent, reply: null, timedOut: true, problem: waitEnded(error) } };
      }
    },
  }),
};

async function answerOf(
  session: BridgeSession,
  wait: { sent: SentMessage; waitMs: number; signal: AbortSignal },
): Promise<Answer> {
  const { id } = wait.sent;
  const left = timeLeft(wait.waitMs);
  const asked = () => ({ inReplyTo: id, waitMs: left() });
  const { reply, handed } = await session.client.call("reply.check", asked, wait.signal);
  if (reply) return { result: { sent: wait.sent, reply }, handed, frames: framedReply(reply) };
  const { sent } = await session.client.call("message.status", { id });
  return { result: { sent, reply: null, timedOut: true } };
}

function waitEnded(thrown: unknown): string {
  const { error, next } = errorView(thrown);
  return `The message was sent; only the wait for its answer has ended: ${error} ${next} Do not send it again: check_reply with its id goes on.`;
}
