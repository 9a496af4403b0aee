import { z } from "zod";
import { foundMessage, triageCalls } from "../../../../shared/protocol/triage-calls.ts";
import { framedFound, framedHolds } from "../framed.ts";
import { peer, type Tools, tool, UNTRUSTED } from "../tool.ts";

/** Mail that is not in the inbox, and a session with a peer that is stuck. */
export const triageTools: Tools = {
  unrouted: tool({
    title: "Held messages",
    description: `Lists messages of this agent that no session could take; claim moves some, by their ids, into this session's inbox. Those a person decides about cannot be claimed. ${UNTRUSTED}`,
    input: { claim: z.array(z.string().min(1)).max(100).optional() },
    output: {
      count: z.number(),
      ...triageCalls["holds.list"].result.shape,
    },
    readOnly: false,
    openWorld: true,
    run: async (session, { claim }) => {
      const answer = await session.client.call("holds.list", { claim: claim ?? [] });
      const result = { count: answer.holds.length, ...answer };
      return { result, frames: framedHolds(answer.holds) };
    },
  }),
  search: tool({
    title: "Search the mail",
    description: `Finds messages of this agent, sent and received, in which all these words stand; newest first. ${UNTRUSTED}`,
    input: {
      query: z.string().min(1).max(400),
      limit: z.number().int().min(1).max(100).optional(),
    },
    output: { count: z.number(), messages: z.array(foundMessage) },
    readOnly: true,
    openWorld: true,
    run: async (session, { query, limit }) => {
      const params = { query, limit: limit ?? 20 };
      const { messages } = await session.client.call("mail.search", params);
      return { result: { count: messages.length, messages }, frames: framedFound(messages) };
    },
  }),
  reset_session: tool({
    title: "Reset the encryption with an agent",
    description:
      "Gives up the encrypted session with one agent: the next message begins a new one. Nothing that was sent is lost. Sessions that break heal by themselves, so this is seldom needed.",
    input: { peer },
    output: triageCalls["session.reset"].result.shape,
    readOnly: false,
    destructive: true,
    run: async (session, input) => ({
      result: await session.client.call("session.reset", input),
    }),
  }),
};
