import { z } from "zod";

/** What a person sets of an agent's automatic answers (rules X1, X2). Amounts in US dollars. */
export const responderSettings = z.object({
  on: z.boolean(),
  /** A name or alias as Claude Code takes it; null: its own choice. */
  model: z
    .string()
    .regex(/^[\w.:@/[\]-]{1,100}$/, "a model's name has no spaces or other signs")
    .nullable(),
  /** Attempts to answer one agent, per hour. */
  peerPerHour: z.number().int().min(1).max(1000),
  /** Automatic answers in one conversation until a session of ours writes in it itself. */
  conversation: z.number().int().min(1).max(1000),
  /** What a local day may cost. */
  dailyLimitUsd: z.number().min(0).max(10_000),
});
export type ResponderSettings = z.infer<typeof responderSettings>;
/** What is not there stays as it is. */
export const responderChange = responderSettings.partial().strict();
export type ResponderChange = z.infer<typeof responderChange>;

export const DEFAULT_RESPONDER: ResponderSettings = {
  on: false,
  model: null,
  peerPerHour: 10,
  conversation: 5,
  dailyLimitUsd: 2,
};

/** Whether an agent answers by itself, and why. */
export const responderStanding = z.discriminatedUnion("state", [
  z.object({ state: z.literal("on"), reason: z.enum(["turned_on", "environment"]) }),
  z.object({
    state: z.literal("off"),
    reason: z.enum([
      "not_turned_on",
      /** TINYPLACE_AUTORESPOND=off */
      "environment",
      /** A person stopped all automatic answers: only turning it on again starts them. */
      "stopped",
      /** Delivery is paused. */
      "paused",
      /** There is no Claude Code to answer with. */
      "no_claude",
    ]),
  }),
]);
export type ResponderStanding = z.infer<typeof responderStanding>;

const count = z.number().int().nonnegative();

/** For tray and windows. */
export const responderSummary = z.object({
  agentId: z.string(),
  standing: responderStanding,
  running: count,
  waiting: count,
  failed: count,
});
export type ResponderSummary = z.infer<typeof responderSummary>;

/** Why a message in the queue is not being answered at this moment. */
const answerWait = z.enum([
  "off",
  "session_has_time",
  "backing_off",
  "pool",
  "peer_rate",
  "conversation_limit",
  "daily_limit",
]);
export type AnswerWait = z.infer<typeof answerWait>;

/** One message in the queue, or one that could not be answered. */
const answerJob = z.object({
  /** Position in the queue. */
  seq: z.number().int().positive(),
  messageId: z.string(),
  from: z.string(),
  fromName: z.string().nullable(),
  fromSession: z.string().nullable(),
  /** In whose name it is answered. */
  label: z.string().nullable(),
  text: z.string(),
  state: z.enum(["waiting", "running", "failed"]),
  attempts: count,
  wait: answerWait.nullable(),
  /** When it is tried again, at the earliest. */
  nextAt: z.string().nullable(),
  /** What went wrong at the last attempt, as a sentence, and what Claude Code printed. */
  problem: z.string().nullable(),
  output: z.string().nullable(),
});
export type AnswerJob = z.infer<typeof answerJob>;

/** All that settings show of one agent's responder. */
export const responderView = z.object({
  standing: responderStanding,
  settings: responderSettings,
  /** TINYPLACE_AUTORESPOND stands before what is set. */
  forced: z.boolean(),
  /** At once, over all agents (TINYPLACE_AUTORESPOND_POOL). */
  pool: z.number().int().positive(),
  /** The Claude Code that would answer. */
  program: z.string().nullable(),
  spentTodayUsd: z.number().nonnegative(),
  jobs: z.array(answerJob),
});
export type ResponderView = z.infer<typeof responderView>;
