import { z } from "zod";
import { sentMessage } from "../../../shared/model/sent.ts";
import { calls } from "../../../shared/protocol/protocol.ts";
import { toldMessage } from "../../../shared/protocol/received-message.ts";
import { timeLeft } from "../time-left.ts";
import { framed, framedReply, framedRequests } from "./framed.ts";
import { peer, type Tools, tool, UNTRUSTED } from "./tool.ts";
import { answerTools } from "./tools/answer-tools.ts";
import { assignmentTools } from "./tools/assignment-tools.ts";
import { autorespondTools } from "./tools/autorespond-tool.ts";
import { contactTools } from "./tools/contact-tools.ts";
import { triageTools } from "./tools/triage-tools.ts";
import { walletTools } from "./tools/wallet-tools.ts";

const message = toldMessage.shape;

/** Every tool of the bridge by its name. */
export const tools: Tools = {
  ...walletTools,
  ...assignmentTools,
  sessions: tool({
    title: "List sessions",
    description: "The live sessions of this agent, their labels, folders and unread mail.",
    input: {},
    output: calls.sessions.result.shape,
    readOnly: true,
    run: async (session) => ({ result: await session.client.call("sessions", {}) }),
  }),
  ...answerTools,
  status: tool({
    title: "How far a message has come",
    description:
      "The steps a message of this agent has taken, each with its time: queued, relayed, received, held or inbox, pushed, read, seen, answered; or failed, expired, refused, cancelled. What is not listed is not known.",
    input: { id: z.string().min(1).describe("the id that send returned") },
    output: { sent: sentMessage },
    readOnly: true,
    run: async (session, { id }) => ({
      result: await session.client.call("message.status", { id }),
    }),
  }),
  cancel: tool({
    title: "Take a message back",
    description: "Takes back a message that has not left this machine yet.",
    input: { id: z.string().min(1).describe("the id that send returned") },
    output: { sent: sentMessage },
    readOnly: false,
    destructive: true,
    run: async (session, { id }) => ({
      result: await session.client.call("message.cancel", { id }),
    }),
  }),
  inbox: tool({
    title: "Read the inbox",
    description: `Returns this session's unread messages and marks them read; with peek they stay unread. ${UNTRUSTED}`,
    input: { peek: z.boolean().optional() },
    output: {
      count: z.number(),
      messages: z.array(z.object(message)),
      contactRequests: z.array(z.object({ agentId: z.string() })),
      undecryptable: z.number(),
    },
    readOnly: false,
    openWorld: true,
    run: async (session, { peek }) => {
      const { handed, ...rest } = await session.client.call("inbox", { peek: peek ?? false });
      const frames = [...framed(rest.messages), ...framedRequests(rest.contactRequests)];
      return { result: { count: rest.messages.length, ...rest }, handed, frames };
    },
  }),
  check_reply: tool({
    title: "Check for a reply",
    description: `Waits up to wait_seconds for the reply to a message this agent sent. ${UNTRUSTED}`,
    input: { in_reply_to: z.string().min(1), wait_seconds: z.number().min(0).max(30).optional() },
    output: {
      reply: z.object(message).optional(),
      pending: z.boolean().optional(),
      in_reply_to: z.string().optional(),
    },
    readOnly: false,
    openWorld: true,
    run: async (session, input, signal) => {
      const left = timeLeft((input.wait_seconds ?? 30) * 1000);
      const asked = () => ({ inReplyTo: input.in_reply_to, waitMs: left() });
      const { reply, handed } = await session.client.call("reply.check", asked, signal);
      const pending = { pending: true, in_reply_to: input.in_reply_to };
      return { result: reply ? { reply } : pending, handed, frames: framedReply(reply) };
    },
  }),
  await_reply: tool({
    title: "Wait for a message",
    description: `Waits for the next message from one agent, at most timeout_seconds (default 180). ${UNTRUSTED}`,
    input: { from: peer, timeout_seconds: z.number().min(0).max(600).optional() },
    output: { reply: z.object(message).nullable(), timedOut: z.boolean().optional() },
    readOnly: false,
    openWorld: true,
    run: async (session, input, signal) => {
      const left = timeLeft((input.timeout_seconds ?? 180) * 1000);
      const asked = () => ({ from: input.from, timeoutMs: left() });
      const { reply, handed } = await session.client.call("reply.await", asked, signal);
      const result = reply ? { reply } : { reply: null, timedOut: true };
      return { result, handed, frames: framedReply(reply) };
    },
  }),
  ...contactTools,
  ...triageTools,
  ...autorespondTools,
};
