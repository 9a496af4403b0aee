import { spawn } from "node:child_process";
import type { Timers } from "../../shared/pacing/timers.ts";

/** A program run to its end with its input given at once. */
export interface ProcessRequest {
  readonly command: string;
  readonly words: readonly string[];
  readonly cwd: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to its standard input, which is closed then. */
  readonly input: string;
  /** It is stopped after this long, in ms. */
  readonly timeoutMs: number;
}

export interface ProcessEnd {
  /** How it came to its end: `not_started` where there is no such program. */
  readonly how: "ended" | "stopped" | "timeout" | "not_started";
  /** Null when a signal ended it, or it did not start. */
  readonly code: number | null;
  /** What it printed, at most MAX_OUTPUT characters of each stream, the first ones. */
  readonly output: string;
  readonly errors: string;
}

export interface RunningProcess {
  /** Null when it did not start. */
  readonly pid: number | null;
  /** Resolves when it is gone and its output is complete; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  stop(): void;
}

/** The port through which programs are run. */
export interface ProcessRunner {
  run(request: ProcessRequest): RunningProcess;
}

export const MAX_OUTPUT = 1024 * 1024;
/** What does not end when asked is killed after this long, in ms. */
const KILL_AFTER_MS = 5_000;

export function systemProcesses(timers: Timers): ProcessRunner {
  return { run: (request) => start(request, timers) };
}

function start(request: ProcessRequest, timers: Timers): RunningProcess {
  const { command, words, cwd, env, input, timeoutMs } = request;
  const child = spawn(command, words, {
    cwd,
    env: { ...env },
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const output = collect(child.stdout);
  const errors = collect(child.stderr);
  let how: ProcessEnd["how"] = "ended";
  const cancels: (() => void)[] = [];
  const end = (why: "stopped" | "timeout") => {
    if (how !== "ended") return;
    how = why;
    child.kill("SIGTERM");
    cancels.push(timers.after(KILL_AFTER_MS, () => child.kill("SIGKILL")));
  };
  cancels.push(timers.after(timeoutMs, () => end("timeout")));
  // It may end before it has read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const ended = new Promise<ProcessEnd>((resolve) => {
    const done = (code: number | null) => {
      for (const cancel of cancels) cancel();
      resolve({ how, code, output: output(), errors: errors() });
    };
    child.once("error", () => {
      if (child.pid !== undefined) return;
      how = "not_started";
      done(null);
    });
    child.once("close", done);
  });
  return { pid: child.pid ?? null, ended, stop: () => end("stopped") };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (data: string) => {
    if (text.length < MAX_OUTPUT) text += data.slice(0, MAX_OUTPUT - text.length);
  });
  return () => text;
}
