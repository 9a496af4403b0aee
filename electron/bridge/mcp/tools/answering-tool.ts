import { z } from "zod";
import { sentMessage } from "../../../../shared/model/sent.ts";
import { type Tools, tool } from "../tool.ts";

/**
 * All that the bridge of a responder's child offers (rules X1, S4): one answer, to who asked. Where it
 * goes is settled by the host; ids that a frame names may be repeated here, and must agree.
 */
export function answeringTools(token: string): Tools {
  return {
    auto_reply: tool({
      title: "Answer automatically",
      description:
        "Sends the one answer that you were started for, marked as automatic, to the session that asked. Give body alone.",
      input: {
        body: z.string().min(1),
        to: z.string().max(128).optional(),
        to_session: z.string().max(256).optional(),
        in_reply_to: z.string().max(128).optional(),
      },
      output: { sent: sentMessage },
      readOnly: false,
      openWorld: true,
      run: async (session, input) => ({
        result: await session.client.call("answer.send", {
          token,
          body: input.body,
          to: input.to ?? null,
          toSession: input.to_session ?? null,
          inReplyTo: input.in_reply_to ?? null,
        }),
      }),
    }),
  };
}
