import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { responderCalls } from "../../../shared/channels/responder-calls.ts";
import type { AnswerJob, ResponderView } from "../../../shared/model/responder.ts";
import {
  type AnswerJobRow,
  answerJobs,
  lastAnswerRun,
  unanswered,
} from "../../vault/answer-table.ts";
import type { Agent } from "../agent.ts";
import { senderName } from "../framed-message.ts";
import type { Host } from "../host.ts";
import type { Responder } from "../responder/responder.ts";

/** Of each kind, the first ones: more than a person looks through. */
const JOBS_SHOWN = 100;
const SHOWN = ["failed", "running", "waiting"] as const;

export function responderHandlers(host: Host): WindowHandlers<keyof typeof responderCalls> {
  const of = (agentId: string) => host.responders.of(host.agents.get(agentId));
  return {
    "responder.get": ({ agentId }) => viewOf(host, host.agents.get(agentId)),
    "responder.set": async ({ agentId, settings }) => {
      await of(agentId).change(settings);
      return {};
    },
    "responder.retry": async ({ agentId, job }) => {
      await of(agentId).retry(job);
      return {};
    },
    "responder.give-up": async ({ agentId, job }) => {
      await of(agentId).giveUp(job);
      return {};
    },
    "responder.stop-all": async () => {
      await host.responders.stopAll();
      return {};
    },
  };
}

function viewOf(host: Host, agent: Agent): ResponderView {
  const { responders } = host;
  const responder = responders.of(agent);
  return {
    standing: responder.standing,
    settings: responder.settings,
    forced: responder.decision.isForced,
    pool: responders.pool.size,
    program: responders.place()?.claude ?? null,
    spentTodayUsd: responder.spentTodayUsd,
    jobs: SHOWN.flatMap((state) =>
      answerJobs(agent.vault, state, JOBS_SHOWN).flatMap((job) => {
        const view = jobView(host, agent, responder, job);
        return view ? [view] : [];
      }),
    ),
  };
}

function jobView(
  host: Host,
  agent: Agent,
  responder: Responder,
  job: AnswerJobRow,
): AnswerJob | null {
  const message = unanswered(agent.vault, job.message);
  if (!message) return null;
  const { seq, label, attempts } = job;
  const last = lastAnswerRun(agent.vault, seq);
  return {
    seq,
    messageId: message.id,
    from: message.peer,
    fromName: senderName(agent, (id) => host.agents.nameOf(id), message.peer),
    fromSession: message.from_session,
    label,
    text: message.text.slice(0, 300),
    state: job.state as AnswerJob["state"],
    attempts,
    wait: job.state === "waiting" ? responder.whyWaiting(job) : null,
    nextAt: job.state === "waiting" ? new Date(job.next_at).toISOString() : null,
    problem: last?.problem ?? null,
    output: last?.output ?? null,
  };
}
