import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { SentMessage } from "../../../shared/model/sent.ts";
import type { CallParams } from "../../../shared/protocol/protocol.ts";
import type { Clock } from "../../platform/clock.ts";
import { noteActivity } from "../../vault/activity-table.ts";
import {
  answerJobIs,
  answerJobOf,
  type UnansweredRow,
  unanswered,
} from "../../vault/answer-table.ts";
import { holderOf } from "../../vault/label-table.ts";
import type { Agent } from "../agent.ts";
import type { Sender } from "../sent-mail.ts";

/**
 * Sends what a child answers, and ends its job in the same transaction. Null: the token is none of
 * this agent's. Throws `not_allowed` when the answer is not awaited any more, or meant for somebody
 * who did not ask.
 */
export async function takeAnswer(
  { agent, clock }: { agent: Agent; clock: Clock },
  params: CallParams<"answer.send">,
  mayBeAnswered: (row: UnansweredRow) => boolean,
): Promise<SentMessage | null> {
  const { vault } = agent;
  const job = answerJobOf(vault, params.token);
  const row = job && unanswered(vault, job.message);
  if (!job || !row) return null;
  const { peer: to, id: inReplyTo, from_session: toSession } = row;
  const agrees =
    (params.to ?? to) === to &&
    (params.inReplyTo ?? inReplyTo) === inReplyTo &&
    (params.toSession ?? toSession) === toSession;
  if (!agrees) throw meantForOthers();
  const where = { to, toSession, inReplyTo, role: "agent", auto: true } as const;
  const sending = { id: job.answer_id, body: params.body, ...where };
  return agent.send(sending, senderFor(agent, job.label), () => {
    const state = answerJobOf(vault, params.token)?.state;
    // A call that is repeated meets its own answer.
    if (state === "answered") return;
    const now = unanswered(vault, job.message);
    const isAwaited = state === "running" || state === "waiting";
    if (!isAwaited || !now || !mayBeAnswered(now)) throw notAwaited();
    answerJobIs(vault, job.seq, "answered");
    const note = { peer: to, label: job.label, message: inReplyTo };
    noteActivity(vault, { at: clock.now(), kind: "auto_answered", ...note });
  });
}

/** The session that the mail was for, so that what comes back finds it. */
function senderFor({ sessions, vault }: Agent, label: string | null): Sender {
  if (label === null) return { label, harnessSessionId: null };
  const live = sessions.get(label)?.harnessSessionId ?? null;
  return { label, harnessSessionId: live ?? holderOf(vault, label) };
}

function meantForOthers(): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    "An automatic answer goes to who asked, and to nobody else. Nothing was sent.",
    "Call auto_reply with body alone.",
  );
}

function notAwaited(): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    "This answer is not awaited any more: the message was read or answered meanwhile, or automatic answers were turned off. Nothing was sent.",
    "End; nothing is left to do.",
  );
}
