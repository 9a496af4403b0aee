import { z } from "zod";
import type { ProcessEnd } from "../../platform/process-runner.ts";

const KEPT_CHARACTERS = 4_000;

const result = z.object({
  total_cost_usd: z.number().nonnegative(),
  is_error: z.boolean(),
  subtype: z.string().optional(),
  result: z.string().optional(),
});

/** What an attempt came to, as Claude Code says. */
export interface ClaudeReport {
  /** US dollars; null: it did not say. */
  readonly costUsd: number | null;
  /** What went wrong, as a sentence; null: it ended well. */
  readonly problem: string | null;
  /** The end of what it printed, bounded. */
  readonly output: string;
}

export function readClaude(end: ProcessEnd): ClaudeReport {
  const printed = [end.output.trim(), end.errors.trim()].filter((text) => text !== "").join("\n");
  const output = printed.slice(-KEPT_CHARACTERS);
  if (end.how === "not_started") {
    return { costUsd: 0, problem: "Claude Code could not be started.", output };
  }
  const said = readResult(end.output);
  const costUsd = said?.total_cost_usd ?? null;
  if (end.how === "timeout") return { costUsd, problem: "It took too long.", output };
  if (end.how === "stopped") return { costUsd, problem: "It was stopped.", output };
  if (end.code !== 0 || said?.is_error) {
    const words = said?.result ?? said?.subtype ?? "";
    const why = words === "" ? `Claude Code ended with ${end.code ?? "a signal"}.` : words;
    return { costUsd, problem: why.slice(0, 300), output };
  }
  if (!said) return { costUsd, problem: "What Claude Code printed cannot be read.", output };
  return { costUsd, problem: null, output };
}

function readResult(output: string): z.infer<typeof result> | null {
  try {
    return result.parse(JSON.parse(output));
  } catch {
    return null;
  }
}
