import type { AnswerWait, ResponderSettings } from "../../../shared/model/responder.ts";

/** An attempt costs this at most, in US dollars: Claude Code is told so, and ends at it. */
const MOST_PER_ANSWER_USD = 0.25;
/** With less than this left of the day's money no answer is begun, in US dollars. */
const LEAST_PER_ANSWER_USD = 0.01;
/** Attempts at one message before it is kept as a failure. */
export const MAX_ATTEMPTS = 3;
/** What is known of answered messages, and so many failures, are kept. */
export const KEPT_MS = 7 * 24 * 3600 * 1000;
export const FAILURES_KEPT = 200;
const FIRST_REST_MS = 30_000;
const LONGEST_REST_MS = 3_600_000;
/** This many failures in a row are no message's own: then all of them rest. */
const MANY_FAILURES = 3;

/** Everything that decides whether an answer may be begun now. Times in ms. */
export interface AnswerSituation {
  readonly now: number;
  /** When the job, and when any job of the agent, may be tried again. */
  readonly nextAt: number;
  readonly restsUntil: number;
  /** Attempts to answer this peer within the last hour. */
  readonly peerRuns: number;
  /** Automatic answers in this conversation since a session of ours wrote in it. */
  readonly inARow: number;
  /** Spent and reserved today, US dollars. */
  readonly spentUsd: number;
  readonly poolIsFull: boolean;
}

/** Why it has to wait; null: it may begin. */
export function whyWait(
  situation: AnswerSituation,
  settings: Pick<ResponderSettings, "peerPerHour" | "conversation" | "dailyLimitUsd">,
): AnswerWait | null {
  const { now, nextAt, restsUntil, peerRuns, inARow, spentUsd, poolIsFull } = situation;
  if (settings.dailyLimitUsd - spentUsd < LEAST_PER_ANSWER_USD) return "daily_limit";
  if (inARow >= settings.conversation) return "conversation_limit";
  if (peerRuns >= settings.peerPerHour) return "peer_rate";
  if (isPutOff(nextAt, now) || isPutOff(restsUntil, now)) return "backing_off";
  return poolIsFull ? "pool" : null;
}

/** Nothing rests for longer than the longest rest: a later time is from before the clock was set. */
function isPutOff(until: number, now: number): boolean {
  return until > now && until - now <= LONGEST_REST_MS;
}

/** What an attempt may cost, so that those under way together stay within the day's limit. */
export function budgetUsd(dailyLimitUsd: number, spentUsd: number): number {
  return Math.min(MOST_PER_ANSWER_USD, dailyLimitUsd - spentUsd);
}

/** The rest after a job's nth failed attempt, in ms. */
export function restAfter(attempts: number): number {
  return Math.min(LONGEST_REST_MS, FIRST_REST_MS * 4 ** Math.max(0, attempts - 1));
}

/** The rest of all jobs after so many failures in a row, in ms; 0: none. */
export function restOfAll(failures: number): number {
  if (failures < MANY_FAILURES) return 0;
  return Math.min(LONGEST_REST_MS, 2 * FIRST_REST_MS * 2 ** (failures - MANY_FAILURES));
}

/** The beginning of the local day, in ms. */
export function startOfDay(now: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
