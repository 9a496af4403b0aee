import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { AnswerPool } from "../../electron/daemon/responder/answer-pool.ts";
import { ResponderDecision } from "../../electron/daemon/responder/decision.ts";
import { Responder } from "../../electron/daemon/responder/responder.ts";
import type { ProcessRequest } from "../../electron/platform/process-runner.ts";
import type { ResponderChange } from "../../shared/model/responder.ts";
import { MemoryProcesses } from "../fakes/memory-processes.ts";
import type { Party } from "./agents.ts";

export const COST_USD = 0.01;

/** What Claude Code prints at its end. */
export function printed(more: Record<string, unknown> = {}): string {
  const fields = { type: "result", is_error: false, total_cost_usd: COST_USD, result: "done" };
  return JSON.stringify({ ...fields, ...more });
}

/** What one child may do, and the token that it was given. */
export interface Child {
  readonly request: ProcessRequest;
  readonly token: string;
  readonly killed: Promise<void>;
  /** Sends its answer as its bridge does. */
  answer(body: string, more?: { to?: string; toSession?: string }): Promise<unknown>;
}
type ScriptedChild = (child: Child) => Promise<{ code: number; output?: string; errors?: string }>;

/** Answers, and ends well. */
export const obedient: ScriptedChild = async (child) => {
  await child.answer("by itself");
  return { code: 0, output: printed() };
};

/** A party's responder, whose children do as `script` says. */
export async function answering(
  party: Party,
  options: {
    script?: ScriptedChild;
    settings?: ResponderChange;
    forced?: "on" | "off" | null;
    pool?: AnswerPool;
  } = {},
): Promise<{ responder: Responder; processes: MemoryProcesses; children: Child[] }> {
  const { time, home } = party.bench;
  const children: Child[] = [];
  const script = options.script ?? obedient;
  const processes = new MemoryProcesses(time, (request, killed) => {
    const token = tokenOf(request);
    const child: Child = {
      request,
      token,
      killed,
      answer: (body, more = {}) =>
        responder.answer({ token, body, to: null, toSession: null, inReplyTo: null, ...more }),
    };
    children.push(child);
    return script(child);
  });
  const { agent } = party;
  const pool = options.pool ?? new AnswerPool(2);
  const responder = new Responder({
    agent,
    decision: new ResponderDecision(agent.vault, options.forced ?? null),
    runner: processes,
    pool,
    clock: time,
    timers: time,
    nameOf: () => null,
    place: () => ({
      claude: "/claude",
      program: { executable: "/node", entry: "/cli.js", isElectron: false },
      home,
      env: {},
    }),
  });
  pool.onFree = () => responder.look();
  onTestFinished(() => responder.close());
  await responder.start();
  await responder.change({ on: true, ...options.settings });
  return { responder, processes, children };
}

function tokenOf({ words }: ProcessRequest): string {
  const file = words[words.indexOf("--mcp-config") + 1] as string;
  const config = JSON.parse(readFileSync(file, "utf8")) as {
    mcpServers: { tinyplace: { env: { TINYPLACE_ANSWER: string } } };
  };
  return config.mcpServers.tinyplace.env.TINYPLACE_ANSWER;
}
