import { writeSync } from "node:fs";
import type { HomePaths } from "../platform/paths.ts";
import { HookClient } from "./hook-client.ts";

/** Whether the harness still runs is looked at this often, in ms. */
const LOOK_EVERY_MS = 2_000;
/** A host that is away is looked for again after this long, in ms. */
const RETRY_MS = 3_000;
/** How a harness knows that a hook of this kind wakes its session. */
const WAKES = 2;

/**
 * `tinyplace hook wake`: waits for mail, and wakes the session with it by ending so. The harness runs
 * it in the background; an older or scripted one that would not is told to by the first line. Returns
 * the exit code, and does not outlive the harness.
 */
export async function waitToWake(paths: HomePaths, sessionId: string): Promise<number> {
  const harness = process.ppid;
  writeSync(1, '{"async":true}\n');
  if (!canBeWoken(process.env)) return 0;
  setInterval(() => {
    if (!isAlive(harness)) process.exit(0);
  }, LOOK_EVERY_MS);
  for (;;) {
    try {
      return await waitOnce(paths, { sessionId, pid: harness });
    } catch {
      // No host at this moment, or it went: another one comes.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function waitOnce(
  paths: HomePaths,
  waiter: { sessionId: string; pid: number },
): Promise<number> {
  const client = await HookClient.connect(paths);
  try {
    const { text } = await client.call("hook.wait", waiter);
    if (typeof text !== "string") return 0;
    await new Promise<void>((resolve, reject) =>
      process.stderr.write(`${text}\n`, (error) => (error ? reject(error) : resolve())),
    );
    await client.call("hook.written", {}).catch(() => undefined);
    return WAKES;
  } finally {
    client.close();
  }
}

/**
 * A program that drives Claude Code decides itself when it goes on, and its end would wait for this
 * hook.
 */
function canBeWoken(env: NodeJS.ProcessEnv): boolean {
  return !env.CLAUDE_CODE_ENTRYPOINT?.startsWith("sdk-");
}

function isAlive(harness: number): boolean {
  if (process.ppid !== harness) return false;
  try {
    process.kill(harness, 0);
    return true;
  } catch {
    return false;
  }
}
