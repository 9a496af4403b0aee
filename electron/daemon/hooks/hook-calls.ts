import type { ClientPeer } from "../../bridge/session-host.ts";
import type { Agent } from "../agent.ts";
import type { CallHandlers } from "../call-handlers.ts";
import type { Session } from "../session-registry.ts";
import type { HookDesk, Printed } from "./hook-desk.ts";

/** What hooks and channels ask of the host, for one connection. */
export function hookHandlers(
  desk: () => HookDesk,
  attached: () => { agent: Agent; session: Session },
  peer: () => ClientPeer,
): CallHandlers<"hook" | "hook.wait" | "hook.written" | "push.written"> {
  let printing: (Printed & { text?: string }) | null = null;
  return {
    hook: async (params) => {
      const { output, printed } = await desk().report(params);
      printing = printed;
      return { output };
    },
    "hook.wait": async (params, { signal }) => {
      printing = await desk().wait(params, () => peer().ping(), signal);
      return { text: printing?.text ?? null };
    },
    "hook.written": async () => {
      if (printing) await desk().written(printing);
      printing = null;
      return {};
    },
    "push.written": async ({ carried }) => {
      const { agent, session } = attached();
      await desk().pushWritten(agent, session, [carried]);
      return {};
    },
  };
}
