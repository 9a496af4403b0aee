import { spawn } from "node:child_process";
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A terminal and npm may both pass on one Ctrl-C; a later one is a person who insists. */
const SAME_SIGNAL_MS = 1000;
const PARENT_CHECK_MS = 500;

/**
 * Runs a program as this command's own: every signal reaches it once, and its end is ours. It gets a
 * process group of its own, since a terminal would signal it a second time.
 */
export function runAsOwn(
  executable: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const child = spawn(executable, words, {
    stdio: "inherit",
    env: { ...process.env, ...env },
    detached: process.platform !== "win32",
  });
  const last = new Map<string, number>();
  const forward = (signal: NodeJS.Signals) => {
    const now = Date.now();
    const repeated = now - (last.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS;
    last.set(signal, now);
    // A closed terminal is an end in order; the programs know it as SIGTERM.
    if (!repeated) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  whenOrphaned(() => forward("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve(code ?? (signal ? 128 + constants.signals[signal] : 1));
    });
  });
}

/** npm ends on SIGTERM with the shell between us, which passes nothing on: a lost parent is that signal. */
function whenOrphaned(end: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, PARENT_CHECK_MS);
  timer.unref();
}
