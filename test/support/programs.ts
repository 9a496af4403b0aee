import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { DAEMON_ENVIRONMENT, DAEMON_NODE_OPTIONS } from "../../electron/bridge/owner-launches.ts";

const SOURCES = new URL("../../electron/", import.meta.url);
/** A folder with the built entries, failpoints among them. */
const BUILT = process.env.TINYPLACE_TEST_BUILT;

/** Longer than any tool waits by itself. */
const CALL_MS = 700_000;

/** What `tinyplace` is started as. */
export interface Program {
  readonly command: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A file of the program, run by this Node. */
export function programAt(file: string): Program {
  return { command: process.execPath, words: [file], env: {} };
}

/** A program of this Node as we start daemons of it: its memory is bounded so. */
export function asDaemon({ command, words, env }: Program): Program {
  return {
    command,
    words: [...DAEMON_NODE_OPTIONS, ...words],
    env: { ...env, ...DAEMON_ENVIRONMENT },
  };
}

/** The program's source; or what `npm test` built of it, which starts in half the time. */
export const TINYPLACE = programAt(
  BUILT ? join(BUILT, "cli.js") : fileURLToPath(new URL("headless.ts", SOURCES)),
);
export const HOOK = BUILT ? join(BUILT, "hook.mjs") : fileURLToPath(new URL("hook.ts", SOURCES));

/**
 * The environment of a child: this one's, less whatever would name another data folder or session. A
 * bridge joins the owner that is there, and starts none behind one's back, unless `extra` says
 * otherwise.
 */
export function childEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(TINYPLACE|CLAUDE|ANTHROPIC)/.test(name),
  ) as [string, string][];
  const settings = { TINYPLACE_KEYSTORE: "file", TINYPLACE_SESSION_DAEMON: "join" };
  return { ...Object.fromEntries(own), ...settings, ...extra };
}

/** A process that said in one JSON line that it is ready, and runs until it is ended. */
export interface Started<Ready> {
  readonly ready: Ready;
  readonly child: ChildProcess;
  /** Its exit code at `close`; null when a signal ended it. */
  readonly closed: Promise<number | null>;
  /** What it wrote to stderr so far. */
  errors(): string;
  /** Ends it, in order by default; resolves with its exit code at `close`. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Launch {
  readonly env?: Readonly<Record<string, string>>;
  /** TINYPLACE by default. */
  readonly program?: Program;
  /** Told of the process before it is ready, so that it can be ended whatever happens. */
  readonly started?: (stop: () => Promise<unknown>) => void;
}

/** Starts `tinyplace <words>` and waits for its line; rejects when it ends before. */
export async function startProgram<Ready>(
  words: readonly string[],
  { env = {}, program = TINYPLACE, started }: Launch = {},
): Promise<Started<Ready>> {
  const child = spawn(program.command, [...program.words, ...words], {
    env: childEnvironment({ ...program.env, ...env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return closed;
  };
  started?.(() => stop("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    void closed.then((code) =>
      reject(new Error(`tinyplace ${words[0]} ended with ${code ?? child.signalCode}: ${errors}`)),
    );
  });
  return { ready: JSON.parse(line) as Ready, child, closed, errors: () => errors, stop };
}

/** A tool's structured content, or its error. */
type ToolResult = Record<string, unknown> & {
  error?: string;
  code?: string;
  next?: string;
};

export interface BridgeClient {
  readonly client: Client;
  readonly pid: number | null;
  /** Resolves when the process is gone, with what it wrote to stderr. */
  readonly ended: Promise<string>;
  /** A tool's structured content, or its error. */
  call(tool: string, input?: Record<string, unknown>): Promise<ToolResult>;
  close(): Promise<void>;
  /** kill -9 */
  kill(): void;
}

/** An MCP client over a real bridge process, as Claude Code starts it. */
export async function connectBridge(
  home: string,
  { env = {}, program = TINYPLACE }: Omit<Launch, "started"> = {},
): Promise<BridgeClient> {
  const transport = new StdioClientTransport({
    command: program.command,
    args: [...program.words, "mcp", "--home", home],
    env: childEnvironment({ ...program.env, ...env }),
    stderr: "pipe",
  });
  let errors = "";
  transport.stderr?.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  const client = new Client({ name: "test", version: "1" });
  const closed = new Promise<void>((resolve) => {
    client.onclose = resolve;
  });
  const silent = new Promise<void>((resolve) => transport.stderr?.once("end", resolve));
  try {
    await client.connect(transport);
  } catch (cause) {
    throw new Error(`the bridge did not start: ${errors}`, { cause });
  }
  const { pid } = transport;
  return {
    client,
    pid,
    ended: Promise.all([closed, silent]).then(() => errors),
    close: () => client.close(),
    kill: () => {
      // A process that is gone already gave its number back.
      if (transport.pid !== null && pid !== null) process.kill(pid, "SIGKILL");
    },
    call: async (name, input = {}) => {
      const named = { name, arguments: input };
      const answer = await client.callTool(named, undefined, { timeout: CALL_MS });
      const content = answer.content as { text: string }[];
      return JSON.parse(content[0]?.text ?? "{}") as ToolResult;
    },
  };
}
