import { randomBytes } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { ProcessEnd, ProcessRunner, RunningProcess } from "../../platform/process-runner.ts";
import { noteActivity } from "../../vault/activity-table.ts";
import {
  type AnswerJobRow,
  answerJob,
  answerJobIs,
  beginAnswer,
  endAnswerRun,
  putBackAnswerJob,
  tidyAnswers,
  type UnansweredRow,
} from "../../vault/answer-table.ts";
import type { Agent } from "../agent.ts";
import { framedMessageOf, type NameOf } from "../framed-message.ts";
import type { AnswerPool } from "./answer-pool.ts";
import { type AnswerPlace, claudeAnswer } from "./claude-answer.ts";
import { readClaude } from "./claude-output.ts";
import { FAILURES_KEPT, KEPT_MS, MAX_ATTEMPTS, restAfter } from "./limits.ts";
import { answerPrompt } from "./prompt.ts";

const TIDY_EVERY = 64;

export interface AnswerRunsParts {
  readonly agent: Agent;
  readonly runner: ProcessRunner;
  readonly pool: AnswerPool;
  readonly clock: Clock;
  readonly nameOf: NameOf;
}

interface Run {
  readonly process: RunningProcess;
  /** Resolves when its end is noted. */
  readonly ended: Promise<void>;
}

/** The answers of one agent that are being written: one child each, noted in the vault. */
export class AnswerRuns {
  /** Told when one began, and when one ended and a place became free. */
  onChange: () => void = () => undefined;
  /** Told how one ended that was not stopped. */
  onEnd: (failed: boolean) => void = () => undefined;
  private readonly parts: AnswerRunsParts;
  private readonly runs = new Map<number, Run>();

  constructor(parts: AnswerRunsParts) {
    this.parts = parts;
  }

  get count(): number {
    return this.runs.size;
  }

  get jobs(): number[] {
    return [...this.runs.keys()];
  }

  has(job: number): boolean {
    return this.runs.has(job);
  }

  /** Begins an attempt. Throws when it cannot be noted or started; then nothing runs. */
  async begin(
    job: AnswerJobRow,
    row: UnansweredRow,
    how: { place: AnswerPlace; model: string | null; budgetUsd: number },
  ): Promise<void> {
    const { agent, clock, runner, pool, nameOf } = this.parts;
    const { place, model, budgetUsd } = how;
    const token = randomBytes(16).toString("hex");
    const at = clock.now();
    pool.take();
    try {
      const run = await agent.vault.write(() =>
        beginAnswer(agent.vault, { job: job.seq, token, at, reserveUsd: budgetUsd }),
      );
      const plain = { offered_at: null, released: 0, auto_answer: null };
      const message = framedMessageOf(agent, nameOf, { ...row, ...plain });
      const prompt = answerPrompt(message, { agent: agent.identity.name, label: job.label });
      const { process, remove } = claudeAnswer({ prompt, token, model, budgetUsd }, place);
      const child = runner.run(process);
      const ended = child.ended
        .then((end) => this.ended(job.seq, run, end))
        // A vault that refuses to be written: the job is taken up as one that was cut off.
        .catch(() => undefined)
        .finally(() => {
          remove();
          this.runs.delete(job.seq);
          pool.release();
          this.onChange();
        });
      this.runs.set(job.seq, { process: child, ended });
    } catch (error) {
      pool.release();
      throw error;
    }
    this.onChange();
  }

  /** Ends one; what it came to is noted when it is gone. */
  stop(job: number): void {
    this.runs.get(job)?.process.stop();
  }

  /** Ends all, and resolves when they are gone and noted. */
  async stopAll(): Promise<void> {
    const all = [...this.runs.values()];
    for (const { process } of all) process.stop();
    await Promise.all(all.map(({ ended }) => ended));
  }

  /** Notes what an attempt came to, in one write. */
  private async ended(seq: number, run: number, end: ProcessEnd): Promise<void> {
    const { agent, clock } = this.parts;
    if (agent.isClosed) return;
    const at = clock.now();
    const failed = await agent.vault.write(() => this.note(seq, run, end, at));
    if (end.how !== "stopped") this.onEnd(failed);
  }

  /** Inside a write. True: the message is not answered, and that is this attempt's fault. */
  private note(seq: number, run: number, end: ProcessEnd, at: number): boolean {
    const { vault } = this.parts.agent;
    const job = answerJob(vault, seq);
    const report = readClaude(end);
    const isAnswered = job?.state === "answered";
    const problem = report.problem ?? (isAnswered ? null : "It ended without an answer.");
    const output = problem === null ? null : report.output;
    endAnswerRun(vault, run, { at, costUsd: report.costUsd, problem, output });
    if (run % TIDY_EVERY === 0) tidyAnswers(vault, at - KEPT_MS, FAILURES_KEPT);
    // Answered, or dropped since somebody read the message meanwhile.
    if (job?.state !== "running") return false;
    if (end.how === "stopped") {
      putBackAnswerJob(vault, seq, at);
      return false;
    }
    const isLast = job.attempts >= MAX_ATTEMPTS;
    const nextAt = at + restAfter(job.attempts);
    answerJobIs(vault, seq, isLast ? "failed" : "waiting", { why: problem, nextAt });
    const { peer, message_id: message, label } = job;
    if (isLast) noteActivity(vault, { at, kind: "auto_failed", peer, label, message });
    return true;
  }
}
