import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { onTestFinished } from "vitest";

const ENTRY = fileURLToPath(new URL("../../electron/headless.ts", import.meta.url));

/** The environment of a child: this one's, less whatever would name another data folder or session. */
function childEnvironment(extra: Record<string, string>): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(TINYPLACE|CLAUDE|ANTHROPIC)/.test(name),
  ) as [string, string][];
  return { ...Object.fromEntries(own), TINYPLACE_KEYSTORE: "file", ...extra };
}

export interface Daemon {
  readonly ready: { socket: string; relay: string; pid: number };
  readonly child: ChildProcess;
  /** Ends it in order; resolves with its exit code at `close`. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `tinyplace daemon` and waits for its line; ended with the test. */
export async function startDaemon(home: string, env: Record<string, string> = {}): Promise<Daemon> {
  const child = spawn(process.execPath, [ENTRY, "daemon", "--home", home], {
    env: childEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return closed;
  };
  onTestFinished(() => stop("SIGKILL").then(() => undefined));
  let errors = "";
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    void closed.then((code) => reject(new Error(`daemon ended with ${code}: ${errors}`)));
  });
  return { ready: JSON.parse(line), child, stop };
}

/** Runs the program to its end. */
export function runProgram(
  words: readonly string[],
  env: Record<string, string> = {},
  input = "",
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [ENTRY, ...words], {
    env: childEnvironment(env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

type Result = Record<string, unknown> & { error?: string; code?: string; next?: string };

export interface BridgeClient {
  readonly client: Client;
  /** A tool's structured content, or its error. */
  call(tool: string, input?: Record<string, unknown>): Promise<Result>;
  close(): Promise<void>;
}

/** An MCP client over a real bridge process, as Claude Code starts it. */
export async function startBridge(
  home: string,
  env: Record<string, string> = {},
): Promise<BridgeClient> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [ENTRY, "mcp", "--home", home],
    env: childEnvironment(env),
    stderr: "inherit",
  });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return {
    client,
    close: () => client.close(),
    call: async (name, input = {}) => {
      const answer = await client.callTool({ name, arguments: input });
      const content = answer.content as { text: string }[];
      return JSON.parse(content[0]?.text ?? "{}") as Result;
    },
  };
}
