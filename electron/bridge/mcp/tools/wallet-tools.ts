import { z } from "zod";
import { agentRef } from "../../../../shared/protocol/protocol.ts";
import type { BridgeSession } from "../session.ts";
import { type Tools, tool } from "../tool.ts";

const attachedOutput = {
  active: agentRef.nullable(),
  label: z.string().nullable(),
  mode: z.string(),
  daemon: z.object({ pid: z.number(), kind: z.string() }).nullable(),
  sessions: z.array(z.object({ label: z.string(), live: z.boolean() })),
};

function daemonOf(session: BridgeSession) {
  const host = session.client.current?.host;
  return { mode: "socket", daemon: host ? { pid: host.pid, kind: host.kind } : null };
}

/** Which agent this session is. */
export const walletTools: Tools = {
  wallet_create: tool({
    title: "Create a wallet",
    description:
      "Creates a new agent identity with its own encrypted vault. Then call `use` with its name.",
    input: { name: z.string().min(1).max(64) },
    output: { created: agentRef },
    readOnly: false,
    run: async (session, { name }) => ({
      result: await session.client.call("wallet.create", { name }),
    }),
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
      "Makes this session a session of the named agent. It gets a label such as claude:1, its address.",
    input: { name: z.string().min(1).max(64), label: z.string().max(64).optional() },
    output: attachedOutput,
    readOnly: false,
    run: async (session, { name, label }) => {
      const attached = await session.use(name, label ?? null);
      return { result: { ...attached, ...daemonOf(session) } };
    },
  }),
  whoami: tool({
    title: "Who am I",
    description: "This session's agent, label, and how much unread mail waits for it.",
    input: {},
    output: {
      ...attachedOutput,
      harnessSessionId: z.string().nullable(),
      buffered: z.number(),
      undecryptable: z.number(),
      pendingContactRequests: z.number(),
      problem: z.string().nullable(),
    },
    readOnly: true,
    run: async (session) => {
      const { attached, ...rest } = await session.client.call("whoami", {});
      const place = attached ?? { active: null, label: null, sessions: [] };
      const problem = session.attachProblem;
      return {
        result: {
          ...place,
          ...daemonOf(session),
          ...rest,
          harnessSessionId: session.environment.harnessSessionId,
          problem: problem && !attached ? `${problem.message} ${problem.next}` : null,
        },
      };
    },
  }),
};
