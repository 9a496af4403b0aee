import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { ResponderSummary } from "../../../shared/model/responder.ts";
import type { SentMessage } from "../../../shared/model/sent.ts";
import type { Timers } from "../../../shared/pacing/timers.ts";
import type { CallParams } from "../../../shared/protocol/protocol.ts";
import type { Program } from "../../bridge/owner-launches.ts";
import type { Clock } from "../../platform/clock.ts";
import type { ProcessRunner } from "../../platform/process-runner.ts";
import { answerJobCount } from "../../vault/answer-table.ts";
import type { Agent } from "../agent.ts";
import type { NameOf } from "../framed-message.ts";
import { AnswerPool, poolSize } from "./answer-pool.ts";
import { type AnswerPlace, removeLeftFolders } from "./claude-answer.ts";
import { findClaude } from "./claude-program.ts";
import { forcedState, ResponderDecision } from "./decision.ts";
import { Responder } from "./responder.ts";

/** Claude Code may be installed or removed at any time: it is looked for this often, in ms. */
const LOOK_FOR_CLAUDE_MS = 10_000;

interface RespondersParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly runner: ProcessRunner;
  readonly env: NodeJS.ProcessEnv;
  /** The data folder. */
  readonly home: string;
  /** How this program is started as a bridge; null: nothing can be answered. */
  readonly program: Program | null;
  readonly nameOf: NameOf;
}

/** The responders of a host's agents, and what they share. */
export class Responders {
  readonly pool: AnswerPool;
  private readonly parts: RespondersParts;
  private readonly all = new Map<Agent, Responder>();
  private claude: { path: string | null; at: number } | null = null;

  constructor(parts: RespondersParts) {
    this.parts = parts;
    this.pool = new AnswerPool(poolSize(parts.env));
    this.pool.onFree = () => {
      for (const responder of this.all.values()) responder.look();
    };
    removeLeftFolders(parts.home);
  }

  /** An agent that this host opened. */
  serve(agent: Agent): void {
    const { clock, timers, runner, env, nameOf } = this.parts;
    const decision = new ResponderDecision(agent.vault, forcedState(env));
    const { pool } = this;
    const place = () => this.place();
    const responder = new Responder({
      agent,
      decision,
      pool,
      clock,
      timers,
      runner,
      nameOf,
      place,
    });
    this.all.set(agent, responder);
    agent.once("closing", () => this.all.delete(agent));
    // A vault that refuses to be written is told elsewhere.
    responder.start().catch(() => undefined);
  }

  of(agent: Agent): Responder {
    const responder = this.all.get(agent);
    if (responder) return responder;
    throw new Error(`${agent.identity.name} is closed`);
  }

  /** Some agent answers by itself: its host has to stay (rule L3). */
  get isAnyOn(): boolean {
    return [...this.all.values()].some(({ standing }) => standing.state === "on");
  }

  summaries(): ResponderSummary[] {
    return [...this.all].map(([agent, responder]) => ({
      agentId: agent.identity.cryptoId,
      standing: responder.standing,
      running: responder.runningCount,
      waiting: answerJobCount(agent.vault, "waiting"),
      failed: answerJobCount(agent.vault, "failed"),
    }));
  }

  /** The answer of a child of one of them. Throws `not_allowed`. */
  async answer(params: CallParams<"answer.send">): Promise<SentMessage> {
    for (const responder of this.all.values()) {
      const sent = await responder.answer(params);
      if (sent) return sent;
    }
    throw new TinyplaceError(
      "not_allowed",
      "This answer is not awaited: another attempt has taken its place. Nothing was sent.",
      "End; nothing is left to do.",
    );
  }

  /** A person stops all automatic answers, whatever is set. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.all.values()].map((responder) => responder.stop()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.all.values()].map((responder) => responder.close()));
  }

  /** What a child is started with; null while there is no Claude Code. */
  place(): AnswerPlace | null {
    const { program, home, env, clock } = this.parts;
    const now = clock.now();
    if (this.claude === null || Math.abs(now - this.claude.at) > LOOK_FOR_CLAUDE_MS) {
      this.claude = { path: findClaude(env), at: now };
    }
    const claude = this.claude.path;
    return claude === null || program === null ? null : { claude, program, home, env };
  }
}
