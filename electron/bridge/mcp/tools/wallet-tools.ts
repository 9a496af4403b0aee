import { z } from "zod";
import { scopeAt } from "../../../../shared/model/assignment-scope.ts";
import { agentRef, type CallResult } from "../../../../shared/protocol/protocol.ts";
import type { BridgeSession } from "../session.ts";
import { type Tools, tool } from "../tool.ts";
import { attachedOutput, attachedResult } from "./attached.ts";

const name = z.string().min(1).max(64);

/** Which agents there are, and which of them this session is. */
export const walletTools: Tools = {
  wallet_create: tool({
    title: "Create a wallet",
    description:
      "Creates a new agent identity with its own encrypted vault. Then call `use` with its name.",
    input: { name },
    output: { created: agentRef },
    readOnly: false,
    run: async (session, input) => ({ result: await session.client.call("wallet.create", input) }),
  }),
  wallet_list: tool({
    title: "List wallets",
    description:
      "Lists the agents that this machine's tinyplace owns, and which of them this session uses.",
    input: {},
    output: {
      wallets: z.array(agentRef.extend({ active: z.boolean() })),
      active: z.string().nullable(),
    },
    readOnly: true,
    run: async (session) => {
      const { wallets } = await session.client.call("wallet.list", {});
      return { result: { wallets, active: wallets.find((one) => one.active)?.name ?? null } };
    },
  }),
  use: tool({
    title: "Use a wallet",
    description:
      "Makes this session a session of the named agent. It gets a label such as claude:1, its address. With remember, it comes back as this agent when it starts again.",
    input: { name, remember: z.boolean().optional(), label: z.string().max(64).optional() },
    output: { ...attachedOutput, scope: z.string(), remembered: z.boolean() },
    readOnly: false,
    run: async (session, input) => {
      const attached = await session.use(input.name, input.label ?? null);
      const remembered = input.remember ?? false;
      const wanted = { wallet: input.name, scope: null, ...session.place };
      if (remembered) await session.client.call("assignment.set", wanted);
      const scope = scopeAt(session.place, null);
      return { result: { ...attachedResult(session, attached), scope, remembered } };
    },
  }),
  whoami: tool({
    title: "Who am I",
    description: "This session's agent, label, assignment, and how much unread mail waits for it.",
    input: {},
    output: {
      ...attachedOutput,
      scope: z.string(),
      assigned: z.string().nullable(),
      harnessSessionId: z.string().nullable(),
      buffered: z.number(),
      autorespond: z.enum(["on", "off"]).nullable(),
      undecryptable: z.number(),
      pendingContactRequests: z.number(),
      problem: z.string().nullable(),
    },
    readOnly: true,
    run: async (session) => {
      const { attached, ...rest } = await session.client.call("whoami", {});
      const kept = await session.client.call("assignment.list", session.place);
      return {
        result: {
          ...attachedResult(session, attached),
          ...rest,
          harnessSessionId: session.environment.harnessSessionId,
          scope: kept.thisScope,
          assigned: kept.assigned,
          problem: problemOf(session, attached) ?? kept.problem,
        },
      };
    },
  }),
};

/** Why the session has no agent, where its environment or an assignment names one. */
function problemOf(session: BridgeSession, attached: CallResult<"attach"> | null): string | null {
  const problem = attached ? null : session.attachProblem;
  return problem && `${problem.message} ${problem.next}`;
}
