import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import {
  type BridgeClient,
  childEnvironment,
  connectBridge,
  type Program,
  type Started,
  startProgram,
  TINYPLACE,
} from "./programs.ts";

export type { BridgeClient, Program };

export type Daemon = Started<{ socket: string; relay: string; pid: number }>;

/** Starts `tinyplace daemon` and waits for its line; ended with the test. */
export function startDaemon(
  home: string,
  env: Record<string, string> = {},
  words: readonly string[] = [],
  program: Program = TINYPLACE,
): Promise<Daemon> {
  const launch = { env, program, started: endWithTest };
  return startProgram(["daemon", "--home", home, ...words], launch);
}

/** Starts `tinyplace relay` over a database file; ended with the test. */
export function startRelay(
  database: string,
  env: Record<string, string> = {},
  { port = 0, program = TINYPLACE }: { port?: number; program?: Program } = {},
): Promise<Started<{ url: string; pid: number }>> {
  const words = ["--listen", `127.0.0.1:${port}`, "--store", `sqlite:${database}`];
  return startProgram(["relay", ...words], { env, program, started: endWithTest });
}

/** Runs the program to its end. */
export function runProgram(
  words: readonly string[],
  env: Record<string, string> = {},
  input = "",
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(TINYPLACE.command, [...TINYPLACE.words, ...words], {
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

/** A bridge with its MCP client; ended with the test. */
export async function startBridge(
  home: string,
  env: Record<string, string> = {},
  program: Program = TINYPLACE,
): Promise<BridgeClient> {
  const bridge = await connectBridge(home, { env, program });
  onTestFinished(() => bridge.close());
  return bridge;
}

function endWithTest(stop: () => Promise<unknown>): void {
  onTestFinished(async () => {
    await stop();
  });
}
