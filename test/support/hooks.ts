import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { childEnvironment, HOOK } from "./programs.ts";

/** Runs one hook as Claude Code does; resolves with its exit code and what it printed, as JSON. */
export function runHook(
  home: string,
  name: string,
  input: Record<string, unknown> | string,
): Promise<{ code: number | null; output: HookOutput | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [HOOK, name, home], { stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  // It may end before it read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(typeof input === "string" ? input : JSON.stringify(input));
  return new Promise((resolve) =>
    child.once("close", (code) =>
      resolve({ code, output: stdout ? (JSON.parse(stdout) as HookOutput) : null, stdout, stderr }),
    ),
  );
}

/**
 * A hook that waits, as an interactive Claude Code runs it; ended with the test. What it would wake the
 * session with stands in `stderr`.
 */
export function startWakeHook(
  home: string,
  sessionId: string,
  entrypoint = "cli",
): { closed: Promise<{ code: number | null; stderr: string }>; pid: number } {
  const child = spawn(process.execPath, [HOOK, "wake", home], {
    stdio: ["pipe", "ignore", "pipe"],
    env: childEnvironment({ CLAUDE_CODE_ENTRYPOINT: entrypoint }),
  });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  child.stdin.end(JSON.stringify({ session_id: sessionId }));
  const closed = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, stderr })),
  );
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill("SIGKILL");
    await closed;
  });
  return { closed, pid: child.pid as number };
}

interface HookOutput {
  decision?: string;
  reason?: string;
  hookSpecificOutput?: { hookEventName: string; additionalContext: string };
}

/** What a hook tells the model. */
export function contextOf({ output }: { output: HookOutput | null }): string {
  return output?.reason ?? output?.hookSpecificOutput?.additionalContext ?? "";
}
