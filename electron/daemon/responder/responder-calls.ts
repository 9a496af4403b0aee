import type { CallResult } from "../../../shared/protocol/protocol.ts";
import type { responderCalls } from "../../../shared/protocol/responder-calls.ts";
import { answerJobCount } from "../../vault/answer-table.ts";
import type { Agent } from "../agent.ts";
import type { CallHandlers } from "../call-handlers.ts";
import type { Responders } from "./responders.ts";

/** `agent` throws `session_required` before the connection is a session. */
export function responderHandlers(
  responders: () => Responders,
  agent: () => Agent,
): CallHandlers<keyof typeof responderCalls> {
  return {
    autorespond: async ({ state }) => {
      const own = agent();
      if (state !== null)
        await responders()
          .of(own)
          .change({ on: state === "on" });
      return { autorespond: autorespondOf(responders(), own) };
    },
    "answer.send": async (params) => ({ sent: await responders().answer(params) }),
  };
}

function autorespondOf(
  responders: Responders,
  agent: Agent,
): CallResult<"autorespond">["autorespond"] {
  const responder = responders.of(agent);
  return {
    ...responder.standing,
    waiting: answerJobCount(agent.vault, "waiting"),
    running: responder.runningCount,
    failed: answerJobCount(agent.vault, "failed"),
    spentTodayUsd: responder.spentTodayUsd,
    dailyLimitUsd: responder.settings.dailyLimitUsd,
  };
}
