import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Program } from "../../bridge/owner-launches.ts";
import { writePrivateFile } from "../../platform/private-file.ts";
import type { ProcessRequest } from "../../platform/process-runner.ts";
import { childEnvironment } from "./claude-program.ts";

const TIMEOUT_MS = 5 * 60_000;
/** The one tool, as Claude Code names it. */
const TOOL = "mcp__tinyplace__auto_reply";
/** Its own settings stay (how it signs in), but no hook of theirs runs for this. */
const SETTINGS = JSON.stringify({ disableAllHooks: true });

/** What a responder's child is started for. */
export interface AnswerRequest {
  readonly prompt: string;
  /** What its bridge proves itself with. */
  readonly token: string;
  readonly model: string | null;
  /** At most, US dollars. */
  readonly budgetUsd: number;
}

/** What every child needs to know of this installation. */
export interface AnswerPlace {
  /** Claude Code's program. */
  readonly claude: string;
  /** How this program is started as a bridge. */
  readonly program: Program;
  /** The data folder. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * `claude -p` with one tool and nothing else (rule X1): no built-in tools, no other MCP servers, no
 * hooks, no commands, nothing allowed but that tool whatever the person's settings allow. The prompt
 * goes in by standard input: a command line could be read by other users, and is too short for it.
 * `remove` takes its folder away.
 */
export function claudeAnswer(
  request: AnswerRequest,
  place: AnswerPlace,
): { process: ProcessRequest; remove(): void } {
  const folder = mkdtempSync(folderPrefix(place.home));
  const cwd = join(folder, "empty");
  mkdirSync(cwd);
  const config = join(folder, "mcp.json");
  writePrivateFile(config, JSON.stringify({ mcpServers: { tinyplace: bridge(request, place) } }));
  const words = ["-p", "--output-format", "json", "--no-session-persistence"];
  words.push("--tools", "", "--allowedTools", TOOL, "--permission-mode", "dontAsk");
  words.push("--strict-mcp-config", "--mcp-config", config);
  words.push("--settings", SETTINGS, "--disable-slash-commands");
  words.push("--max-budget-usd", request.budgetUsd.toFixed(4));
  if (request.model !== null) words.push("--model", request.model);
  const env = childEnvironment(place.env);
  const { claude: command } = place;
  return {
    process: { command, words, cwd, env, input: request.prompt, timeoutMs: TIMEOUT_MS },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What processes that were killed left in the temporary folder. */
export function removeLeftFolders(home: string): void {
  const prefix = folderPrefix(home);
  for (const name of readdirSync(dirname(prefix))) {
    if (!name.startsWith(basename(prefix))) continue;
    rmSync(join(dirname(prefix), name), { recursive: true, force: true });
  }
}

function folderPrefix(home: string): string {
  const hash = createHash("sha256").update(home).digest("hex").slice(0, 12);
  return join(tmpdir(), `tinyplace-answer-${hash}-`);
}

/** The send-only bridge (rule S4): it joins the owner, starts none, and is no session. */
function bridge({ token }: AnswerRequest, { program, home }: AnswerPlace) {
  return {
    command: program.executable,
    args: [program.entry, "mcp", "--home", home],
    env: {
      TINYPLACE_ANSWER: token,
      TINYPLACE_SESSION_DAEMON: "join",
      ...(program.isElectron ? { ELECTRON_RUN_AS_NODE: "1" } : {}),
    },
  };
}
