import { readFileSync } from "node:fs";
import type { HomePaths } from "../platform/paths.ts";
import { HookClient } from "./hook-client.ts";
import { waitToWake } from "./wait-hook.ts";

/** A host that does not answer must not hold up a session, in ms. */
const PATIENCE_MS = 2_000;
/** Longer input than any hook has is not read. */
const MAX_INPUT = 16 * 1024 * 1024;

/**
 * `tinyplace hook NAME`: passes one hook of Claude Code on to the host, and prints what it answers.
 * Whatever goes wrong, it prints nothing and ends well: a hook never holds up or breaks a session. It
 * starts nothing; without a host there is nothing to tell. Returns the exit code.
 */
export async function runHook(paths: HomePaths, name: string): Promise<number> {
  try {
    const input = readInput();
    if (name === "wake") return await waitToWake(paths, String(input.session_id));
    const deadline = setTimeout(() => process.exit(0), PATIENCE_MS);
    await passOn(paths, name, input);
    clearTimeout(deadline);
  } catch {
    // Silent by purpose: what is printed here would stand in the person's session.
  }
  return 0;
}

async function passOn(
  paths: HomePaths,
  name: string,
  input: Record<string, unknown>,
): Promise<void> {
  const client = await HookClient.connect(paths);
  try {
    const { output } = await client.call("hook", {
      name,
      sessionId: String(input.session_id),
      transcriptPath: text(input.transcript_path),
      source: text(input.source),
      stopHookActive: input.stop_hook_active === true,
      notification: text(input.notification_type),
      shown: idsIn(text(input.prompt)),
      pid: process.ppid,
    });
    if (typeof output !== "string") return;
    await new Promise<void>((resolve, reject) =>
      process.stdout.write(`${output}\n`, (error) => (error ? reject(error) : resolve())),
    );
    await client.call("hook.written", {});
  } finally {
    client.close();
  }
}

function readInput(): Record<string, unknown> {
  const input = readFileSync(0);
  if (input.length > MAX_INPUT) throw new Error("too long");
  return JSON.parse(input.toString("utf8")) as Record<string, unknown>;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The message ids in a prompt, which itself stays here. */
function idsIn(prompt: string | null): string[] {
  return [...new Set(prompt?.match(/\bmsg-[0-9a-f]{18}\b/g))].slice(0, 50);
}
