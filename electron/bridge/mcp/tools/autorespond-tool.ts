import { z } from "zod";
import { autorespondState } from "../../../../shared/protocol/responder-calls.ts";
import { type Tools, tool } from "../tool.ts";

export const autorespondTools: Tools = {
  autorespond: tool({
    title: "Automatic answers",
    description:
      "Turns automatic answers of this agent on or off: mail that no session read for two minutes, or that nobody is there to take, is answered by a Claude Code of its own that can do nothing else. It costs money, so turn it on only when the person wants it. status, the default, says how it is and why.",
    input: { state: z.enum(["on", "off", "status"]).optional() },
    output: { autorespond: autorespondState },
    readOnly: false,
    run: async (session, { state }) => ({
      result: await session.client.call("autorespond", {
        state: state === "on" || state === "off" ? state : null,
      }),
    }),
  }),
};
