import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Script, startMessagesApi } from "../fakes/messages-api.ts";
import { temporaryHome } from "./temporary-home.ts";

export const CLAUDE = fileURLToPath(new URL("../../node_modules/.bin/claude", import.meta.url));
export const pluginTool = (tool: string) => `mcp__plugin_tinyplace_tinyplace__${tool}`;

/** A person's account with Claude Code in it, and nothing else. */
export class Account {
  readonly home = temporaryHome();

  environment(extra: Record<string, string>): Record<string, string | undefined> {
    return {
      PATH: process.env.PATH,
      HOME: this.home,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      TINYPLACE_KEYSTORE: "file",
      ...extra,
    };
  }

  /** Runs a program of this account to its end. */
  async run(
    command: string,
    words: readonly string[],
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(command, words, {
      stdio: ["ignore", "pipe", "pipe"],
      env: this.environment({}),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, output };
  }

  claude(words: readonly string[]): Promise<{ code: number | null; output: string }> {
    return this.run(CLAUDE, words);
  }

  /** Tinyplace's command line, told where Claude Code is. */
  plugin(cli: string, verb: string, ...words: string[]) {
    return this.run(process.execPath, [cli, "plugin", verb, "--claude", CLAUDE, ...words]);
  }

  /** A session that stays open between prompts. */
  async session(script: Script, env: Record<string, string> = {}): Promise<ClaudeSession> {
    const api = await startMessagesApi(script);
    onTestFinished(() => api.close());
    const project = join(this.home, "project");
    mkdirSync(project, { recursive: true });
    const formats = ["--input-format", "stream-json", "--output-format", "stream-json"];
    const words = ["-p", ...formats, "--verbose", "--allowedTools", pluginTool("").slice(0, -2)];
    const child = spawn(CLAUDE, words, {
      cwd: project,
      stdio: ["pipe", "pipe", "inherit"],
      env: this.environment({
        ANTHROPIC_BASE_URL: api.url,
        ANTHROPIC_API_KEY: "any-word",
        ...env,
      }),
    });
    return new ClaudeSession(child, api.requests);
  }
}

/** One Claude Code process that is given one prompt after the other. */
export class ClaudeSession {
  /** What the model was given, turn for turn, as it came. */
  readonly requests: readonly string[];
  private readonly child: ChildProcess;
  private readonly closed: Promise<number | null>;
  private readonly results: string[] = [];
  private onResult: () => void = () => undefined;

  constructor(child: ChildProcess, requests: readonly string[]) {
    this.child = child;
    this.requests = requests;
    this.closed = new Promise((resolve) => child.once("close", resolve));
    if (!child.stdout) throw new Error("no output");
    createInterface(child.stdout).on("line", (line) => {
      const { type, result } = JSON.parse(line) as { type: string; result?: string };
      if (type !== "result") return;
      this.results.push(result ?? "");
      this.onResult();
    });
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await this.closed;
    });
  }

  /** Gives a prompt; resolves with the model's last words of the turn. */
  async prompt(text: string): Promise<string> {
    const answered = new Promise<void>((resolve) => {
      this.onResult = resolve;
    });
    const message = { type: "user", message: { role: "user", content: text } };
    this.child.stdin?.write(`${JSON.stringify(message)}\n`);
    const ended = this.closed.then((code) => {
      throw new Error(`Claude Code ended with ${code}`);
    });
    await Promise.race([answered, ended]);
    return this.results.at(-1) ?? "";
  }

  /** Ends it in order; resolves with its exit code. */
  end(): Promise<number | null> {
    this.child.stdin?.end();
    return this.closed;
  }
}
