import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Script, startMessagesApi } from "../fakes/messages-api.ts";
import { type Account, CLAUDE } from "./plugged-claude.ts";

/** A Claude Code that a person has before them: interactive, in a terminal of tmux, without a login. */
export class TerminalClaude {
  /** What the model was given, turn for turn, as it came. */
  readonly requests: readonly string[];
  private readonly socket: string;

  private constructor(socket: string, requests: readonly string[]) {
    this.socket = socket;
    this.requests = requests;
  }

  static async start(
    account: Account,
    script: Script,
    { env = {}, words = [] }: { env?: Record<string, string>; words?: readonly string[] } = {},
  ): Promise<TerminalClaude> {
    const api = await startMessagesApi(script);
    onTestFinished(() => api.close());
    const project = join(account.home, "project");
    mkdirSync(project, { recursive: true });
    getToKnow(account.home, project);
    const claude = new TerminalClaude(join(account.home, "tmux"), api.requests);
    const variables = account.environment({
      ...{ ANTHROPIC_BASE_URL: api.url, ANTHROPIC_API_KEY: API_KEY, TERM: "xterm-256color" },
      ...env,
    });
    const given = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    claude.tmux("-f", "/dev/null", "new-session", "-d", "-x", "140", "-y", "50", "-c", project, [
      ...["env", "-i", ...given, CLAUDE, ...words],
    ]);
    onTestFinished(() => claude.close());
    return claude;
  }

  /** What stands on the terminal now. */
  screen(): string {
    return this.tmux("capture-pane", "-p");
  }

  /** Keys by tmux's names (Enter, Escape), or text. */
  type(...keys: string[]): void {
    this.tmux("send-keys", ...keys);
  }

  close(): void {
    try {
      this.tmux("kill-server");
    } catch {
      // It ended with its program.
    }
  }

  private tmux(...words: (string | string[])[]): string {
    // A server of its own: nobody else's is touched.
    return execFileSync("tmux", ["-S", this.socket, ...words.flat()], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  }
}

const API_KEY = "any-word";

/** As if the person had answered what a first start asks: the look, the key, whether the folder is trusted. */
function getToKnow(home: string, project: string): void {
  const file = join(home, ".claude.json");
  const known = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  const answers = {
    ...(readJson(file) as object),
    ...{ hasCompletedOnboarding: true, theme: "dark", projects: { [project]: known } },
    customApiKeyResponses: { approved: [API_KEY], rejected: [] },
  };
  writeFileSync(file, JSON.stringify(answers));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}
