import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type {
  AnswerWait,
  ResponderChange,
  ResponderSettings,
  ResponderStanding,
} from "../../../shared/model/responder.ts";
import type { SentMessage } from "../../../shared/model/sent.ts";
import type { Timers } from "../../../shared/pacing/timers.ts";
import type { CallParams } from "../../../shared/protocol/protocol.ts";
import { freshMessageId } from "../../platform/fresh-message-id.ts";
import {
  type AnswerJobRow,
  answerCandidates,
  answerCost,
  answerJob,
  answerJobIs,
  answerJobs,
  answerRunsTo,
  automaticInARow,
  insertAnswerJob,
  nextAnswerJobs,
  putBackAnswerJob,
  renewAnswerJob,
  tidyAnswers,
  type UnansweredRow,
  unanswered,
} from "../../vault/answer-table.ts";
import { contactOf } from "../framed-message.ts";
import { AnswerRuns, type AnswerRunsParts } from "./answer-runs.ts";
import type { AnswerPlace } from "./claude-answer.ts";
import type { ResponderDecision } from "./decision.ts";
import { type Eligibility, eligibility, STALE_MS } from "./eligible.ts";
import { budgetUsd, FAILURES_KEPT, KEPT_MS, restOfAll, startOfDay, whyWait } from "./limits.ts";
import { takeAnswer } from "./take-answer.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** While something waits, the limits that hold it are looked at this often, in ms. */
const LOOK_MS = 60_000;
/** A child that outlived its daemon may still bring its answer for this long, in ms. */
const ORPHAN_MS = 30_000;
const JOBS_LOOKED_AT = 500;

export interface ResponderParts extends AnswerRunsParts {
  readonly decision: ResponderDecision;
  readonly timers: Timers;
  /** What a child is started with; null: there is no Claude Code. */
  place(): AnswerPlace | null;
}

/**
 * Answers the mail of one agent that nobody reads (rules X1, X2). The queue is in the vault: what a
 * crash cuts off is tried again, and whatever is tried, one answer is sent at most, since it has its
 * message id from the beginning.
 */
export class Responder {
  readonly decision: ResponderDecision;
  private readonly parts: ResponderParts;
  private readonly runs: AnswerRuns;
  private aloneSince: number | null;
  private lastState: ResponderStanding["state"] = "off";
  private failuresInARow = 0;
  private restsUntil = 0;
  private looking: Promise<void> | null = null;
  private again = false;
  private closed = false;
  private cancelLook: (() => void) | null = null;

  constructor(parts: ResponderParts) {
    this.parts = parts;
    this.decision = parts.decision;
    this.runs = new AnswerRuns(parts);
    this.runs.onChange = () => this.tell();
    this.runs.onEnd = (failed) => this.attemptEnded(failed);
    const { agent, clock } = parts;
    this.aloneSince = agent.sessions.labels().length > 0 ? null : clock.now();
    agent.on("mail", () => this.look());
    agent.on("changed", () => this.agentChanged());
    agent.mailroom.on("read", () => this.stopSettled());
    agent.once("closing", () => this.cut());
  }

  /** Begins with what an earlier process left. */
  async start(): Promise<void> {
    const { agent, clock } = this.parts;
    const before = clock.now() - KEPT_MS;
    await agent.vault.write(() => tidyAnswers(agent.vault, before, FAILURES_KEPT));
    this.look();
  }

  get standing(): ResponderStanding {
    const { agent, place } = this.parts;
    return this.decision.standing({
      paused: agent.decisions.paused,
      hasClaude: () => place() !== null,
    });
  }

  get settings(): ResponderSettings {
    return this.decision.settings;
  }

  get runningCount(): number {
    return this.runs.count;
  }

  /** Spent today and reserved for what runs, in US dollars. */
  get spentTodayUsd(): number {
    const { agent, clock } = this.parts;
    return answerCost(agent.vault, startOfDay(clock.now()));
  }

  /** Turning it off ends what is being written. */
  async change(part: ResponderChange): Promise<void> {
    await this.decision.change(part, this.parts.clock.now());
    if (this.standing.state === "off") await this.runs.stopAll();
    this.changed();
  }

  /** Ends every answer being written and begins none, until it is turned on again. */
  async stop(): Promise<void> {
    await this.decision.stop(this.parts.clock.now());
    await this.runs.stopAll();
    this.changed();
  }

  /** A message that failed is tried again at once. Throws `bad_request` when nothing is to be tried. */
  async retry(job: number): Promise<void> {
    const { agent, clock } = this.parts;
    await agent.vault.write(() => {
      const state = answerJob(agent.vault, job)?.state;
      if (state !== "failed" && state !== "waiting") throw notFailed();
      renewAnswerJob(agent.vault, job, clock.now());
    });
    this.failuresInARow = 0;
    this.restsUntil = 0;
    this.changed();
  }

  /** A failed message is left to a session or a person. Throws `bad_request`. */
  async giveUp(job: number): Promise<void> {
    const { agent } = this.parts;
    await agent.vault.write(() => {
      if (answerJob(agent.vault, job)?.state !== "failed") throw notFailed();
      answerJobIs(agent.vault, job, "dropped", { why: "given_up" });
    });
    this.changed();
  }

  /** Why a waiting job is not being answered now; null: it is next. */
  whyWaiting(job: AnswerJobRow): AnswerWait | null {
    if (this.standing.state === "off") return "off";
    const row = unanswered(this.parts.agent.vault, job.message);
    const when = row && this.eligibility(row);
    if (!row || !when || !isNow(when, this.parts.clock.now())) return "session_has_time";
    return this.limitOn(job, row);
  }

  /** The answer that a child brings; null: it is not one of this agent's children. */
  answer(params: CallParams<"answer.send">): Promise<SentMessage | null> {
    return takeAnswer(
      this.parts,
      params,
      (row) => this.standing.state === "on" && this.eligibility(row).kind !== "never",
    );
  }

  /** Ends what runs, and resolves when it is gone and noted. */
  async close(): Promise<void> {
    this.closed = true;
    this.cancelLook?.();
    await this.looking;
    await this.runs.stopAll();
  }

  /** Something may be due now. */
  look(): void {
    if (this.closed) return;
    this.again = true;
    this.looking ??= this.lookUntilDone().finally(() => {
      this.looking = null;
    });
  }

  private async lookUntilDone(): Promise<void> {
    // After the events of this moment: many messages are one look.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.again && !this.closed) {
      this.again = false;
      // A vault that refuses to be written is told elsewhere; it is looked at again later.
      await this.lookOnce().catch(() => this.lookIn(LOOK_MS));
    }
  }

  private async lookOnce(): Promise<void> {
    this.cancelLook?.();
    this.cancelLook = null;
    await this.takeUpCutOff();
    if (this.standing.state === "off") return;
    const { agent, clock, pool } = this.parts;
    const now = clock.now();
    const soonest = await this.enqueue(now);
    for (const job of nextAnswerJobs(agent.vault, JOBS_LOOKED_AT)) {
      if (this.closed || pool.isFull) break;
      await this.tryJob(job);
    }
    if (this.closed) return;
    const left = answerJobs(agent.vault, "waiting", 1).length > 0 ? LOOK_MS : Infinity;
    const wait = Math.min(left, soonest - now);
    if (wait !== Infinity) this.lookIn(Math.max(1, wait));
  }

  private lookIn(ms: number): void {
    if (this.closed) return;
    this.cancelLook?.();
    this.cancelLook = this.parts.timers.after(ms, () => this.look());
  }

  /** Jobs whose attempt nobody follows any more: their process died, or its end could not be noted. */
  private async takeUpCutOff(): Promise<void> {
    const { agent, clock } = this.parts;
    const cutOff = answerJobs(agent.vault, "running", JOBS_LOOKED_AT).filter(
      ({ seq }) => !this.runs.has(seq),
    );
    if (cutOff.length === 0) return;
    const nextAt = clock.now() + ORPHAN_MS;
    await agent.vault.write(() => {
      for (const { seq } of cutOff) putBackAnswerJob(agent.vault, seq, nextAt);
    });
    this.tell();
  }

  /** Makes a job of everything that is due; returns when the next may be, in ms, or Infinity. */
  private async enqueue(now: number): Promise<number> {
    const { agent } = this.parts;
    let soonest = Infinity;
    const due: UnansweredRow[] = [];
    for (const row of answerCandidates(agent.vault, now - STALE_MS)) {
      const when = this.eligibility(row);
      if (isNow(when, now)) due.push(row);
      else if (when.kind === "from") soonest = Math.min(soonest, when.at);
    }
    if (due.length === 0) return soonest;
    await agent.vault.write(() => {
      for (const row of due) {
        insertAnswerJob(agent.vault, {
          message: row.seq,
          answerId: freshMessageId(this.parts.clock),
          label: row.to_session ?? row.inbox_label ?? row.held_for,
          at: now,
        });
      }
    });
    this.tell();
    return soonest;
  }

  /** Begins a waiting job if nothing speaks against it, and drops one that nobody needs any more. */
  private async tryJob(job: AnswerJobRow): Promise<void> {
    const { agent, clock } = this.parts;
    const row = unanswered(agent.vault, job.message);
    const when: Eligibility = row ? this.eligibility(row) : { kind: "never", why: "gone" };
    if (when.kind === "never") {
      await agent.vault.write(() =>
        answerJobIs(agent.vault, job.seq, "dropped", { why: when.why }),
      );
      return this.tell();
    }
    if (!row || !isNow(when, clock.now()) || this.limitOn(job, row) !== null) return;
    const place = this.parts.place();
    if (!place) return;
    const { model, dailyLimitUsd } = this.settings;
    const budget = budgetUsd(dailyLimitUsd, this.spentTodayUsd);
    await this.runs.begin(job, row, { place, model, budgetUsd: budget });
    // Turned off while it was being begun.
    if (this.closed || this.standing.state === "off") this.runs.stop(job.seq);
  }

  private limitOn(job: AnswerJobRow, row: UnansweredRow): AnswerWait | null {
    const { agent, clock, pool } = this.parts;
    const now = clock.now();
    const { peer, from_session: theirSession } = row;
    const { label, next_at: nextAt } = job;
    return whyWait(
      {
        now,
        nextAt,
        restsUntil: this.restsUntil,
        peerRuns: answerRunsTo(agent.vault, peer, now - HOUR_MS),
        inARow: automaticInARow(agent.vault, { peer, label, theirSession, since: now - DAY_MS }),
        spentUsd: this.spentTodayUsd,
        poolIsFull: pool.isFull,
      },
      this.settings,
    );
  }

  private eligibility(row: UnansweredRow): Eligibility {
    const { agent, clock, nameOf } = this.parts;
    // No contact any more, or answered by the machine where the agent lives now.
    const isOthers = contactOf(agent, nameOf, row.peer) === "removed" || agent.livesElsewhere;
    if (row.direction === "in" && isOthers) return { kind: "not_now" };
    return eligibility(row, { now: clock.now(), aloneSince: this.aloneSince });
  }

  /** Sessions came or went, or a person paused the agent. */
  private agentChanged(): void {
    const { agent, clock } = this.parts;
    if (agent.isClosed) return;
    const isAlone = agent.sessions.labels().length === 0;
    const { state } = this.standing;
    const isNew = isAlone !== (this.aloneSince !== null) || state !== this.lastState;
    if (!isNew) return;
    if (isAlone !== (this.aloneSince !== null)) this.aloneSince = isAlone ? clock.now() : null;
    this.lastState = state;
    if (state === "off") void this.runs.stopAll();
    this.look();
  }

  /** Somebody read what is being answered: it is theirs now. */
  private stopSettled(): void {
    const { vault } = this.parts.agent;
    for (const seq of this.runs.jobs) {
      const job = answerJob(vault, seq);
      const row = job && unanswered(vault, job.message);
      const when = row && this.eligibility(row);
      if (job?.state !== "running" || when?.kind !== "never") continue;
      const drop = () => answerJobIs(vault, seq, "dropped", { why: when.why });
      vault.write(drop).then(
        () => this.runs.stop(seq),
        () => undefined,
      );
    }
  }

  private attemptEnded(failed: boolean): void {
    this.failuresInARow = failed ? this.failuresInARow + 1 : 0;
    const rest = restOfAll(this.failuresInARow);
    this.restsUntil = rest === 0 ? 0 : this.parts.clock.now() + rest;
  }

  /** The vault closes: what runs is ended, and taken up again by the next process. */
  private cut(): void {
    this.closed = true;
    this.cancelLook?.();
    void this.runs.stopAll();
  }

  private changed(): void {
    this.tell();
    this.look();
  }

  /** Shows what changed. */
  private tell(): void {
    if (!this.parts.agent.isClosed) this.parts.agent.emit("changed");
  }
}

function isNow(when: Eligibility, now: number): boolean {
  return when.kind === "from" && when.at <= now;
}

function notFailed(): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    "This message is not among those that could not be answered any more.",
    "Look at the list again: it may be waiting or answered by now.",
  );
}
