import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** From the start of a hook's process until it ended, in ms, over a host with a live session. */
export async function hookTimes(
  hook: string,
  home: string,
  sessionId: string,
  count: number,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await timeOf(hook, home, sessionId));
  return times;
}

/** As `hookTimes`, with a message sent before each; `visible` is from its sending on. */
export async function hookWithMail(
  hook: string,
  home: string,
  sessionId: string,
  { count, send }: { count: number; send: () => Promise<unknown> },
): Promise<{ hook: number[]; visible: number[] }> {
  const [times, visible]: [number[], number[]] = [[], []];
  for (let i = 0; i < count; i++) {
    const sent = performance.now();
    await send();
    times.push(await timeOf(hook, home, sessionId));
    visible.push(performance.now() - sent);
  }
  return { hook: times, visible };
}

async function timeOf(hook: string, home: string, sessionId: string): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [hook, "user-prompt-submit", home], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin.end(JSON.stringify({ session_id: sessionId, prompt: "x" }));
  await new Promise((resolve) => child.once("close", resolve));
  return performance.now() - start;
}

/** From the start of a process that does nothing until it ended, in ms: no hook can be faster. */
export async function emptyTimes(count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    await new Promise((resolve) => child.once("close", resolve));
    times.push(performance.now() - start);
  }
  return times;
}

/** How many processes wait for a core: what a time above has to be read with. */
export function load(): number | null {
  if (process.platform !== "linux") return null;
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
}
