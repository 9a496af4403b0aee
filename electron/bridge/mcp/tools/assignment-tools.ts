import { z } from "zod";
import { assignmentScope, scopeAt } from "../../../../shared/model/assignment-scope.ts";
import { assignmentCalls } from "../../../../shared/protocol/name-calls.ts";
import { type Tools, tool } from "../tool.ts";
import { attachedOutput, attachedResult } from "./attached.ts";

const scope = assignmentScope
  .optional()
  .describe("what to assign: this session, its project folder, or every session; default: session");

/** Which agent a session comes back as by itself (rule S5). */
export const assignmentTools: Tools = {
  assign: tool({
    title: "Assign a wallet",
    description:
      "Makes this session a session of the named agent, now and whenever it starts again. With scope project or global, other sessions start as this agent, too.",
    input: { name: z.string().min(1).max(64), scope },
    output: { ...attachedOutput, scope: z.string(), assigned: z.string() },
    readOnly: false,
    run: async (session, input) => {
      const wanted = { scope: input.scope ?? null, ...session.place };
      // A scope that is not there is said before anything changes.
      scopeAt(session.place, wanted.scope);
      const attached = await session.use(input.name, null);
      const params = { wallet: input.name, ...wanted };
      const kept = await session.client.call("assignment.set", params);
      return { result: { ...attachedResult(session, attached), ...kept } };
    },
  }),
  unassign: tool({
    title: "End an assignment",
    description:
      "Ends the assignment of this session (or of its project folder, or the global one). What this session is now stays as it is.",
    input: { scope },
    output: assignmentCalls["assignment.clear"].result.shape,
    readOnly: false,
    destructive: true,
    run: async (session, input) => ({
      result: await session.client.call("assignment.clear", {
        scope: input.scope ?? null,
        ...session.place,
      }),
    }),
  }),
  assignments: tool({
    title: "List assignments",
    description:
      "Every assignment, scope to wallet, and which of them holds for this session: the nearest of session, project folder, global.",
    input: {},
    output: assignmentCalls["assignment.list"].result.shape,
    readOnly: true,
    run: async (session) => ({
      result: await session.client.call("assignment.list", session.place),
    }),
  }),
};
