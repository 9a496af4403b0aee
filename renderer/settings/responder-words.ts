import type { AnswerJob, AnswerWait, ResponderStanding } from "../../shared/model/responder.ts";
import { formatTime, oneLine, plural } from "../ui/format.ts";

const ON: Readonly<Record<string, string>> = {
  turned_on: "Mail that nobody reads for two minutes is answered by Claude Code",
  environment: "Turned on by TINYPLACE_AUTORESPOND",
};
const OFF: Readonly<Record<string, string>> = {
  not_turned_on:
    "Off. Claude Code can answer mail that nobody reads for two minutes; it costs money",
  environment: "Turned off by TINYPLACE_AUTORESPOND",
  stopped: "Stopped. Nothing is answered until you turn it on again",
  paused: "Rests while delivery is paused",
  no_claude:
    "Cannot answer: Claude Code was not found. Install it, or say where it is in TINYPLACE_CLAUDE",
};

/** How it is, and why. */
export function standingWords({ state, reason }: ResponderStanding): string {
  return (state === "on" ? ON : OFF)[reason] ?? reason;
}

const WAITS: Readonly<Record<AnswerWait, string>> = {
  off: "Waits until automatic answers are on",
  session_has_time: "Waits: its session may still read it",
  backing_off: "Rests after a failure",
  pool: "Waits for its turn",
  peer_rate: "Waits: this sender was answered often enough for an hour",
  conversation_limit: "Waits for one of your sessions to write in this conversation",
  daily_limit: "Waits for tomorrow: the day's money is spent",
};

/** What is happening with one message. */
export function jobWords({ state, wait, nextAt, attempts, problem }: AnswerJob): string {
  if (state === "running") return "Being answered now";
  if (state === "failed") {
    return `Could not be answered in ${plural(attempts, "attempt")}: ${oneLine(problem ?? "no reason is known")}`;
  }
  if (wait === null) return WAITS.pool;
  if (wait !== "backing_off" || nextAt === null) return WAITS[wait];
  return `${WAITS[wait]} until ${formatTime(nextAt)}. ${oneLine(problem ?? "")}`.trim();
}

/** Money, as exactly as it matters: cents, or parts of them while it is little. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "$0";
  return usd < 0.01 ? "under $0.01" : `$${usd.toFixed(2)}`;
}
