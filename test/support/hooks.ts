import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const HOOK = fileURLToPath(new URL("../../electron/hook.ts", import.meta.url));

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

interface HookOutput {
  decision?: string;
  reason?: string;
  hookSpecificOutput?: { hookEventName: string; additionalContext: string };
}

/** What a hook tells the model. */
export function contextOf({ output }: { output: HookOutput | null }): string {
  return output?.reason ?? output?.hookSpecificOutput?.additionalContext ?? "";
}
