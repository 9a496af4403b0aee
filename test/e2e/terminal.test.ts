import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { startDesktop } from "../support/desktop.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const WAIT = { timeout: 60_000, interval: 50 };

test("S7 a session shows branch and title, and a click raises its terminal, or says why it cannot", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  await desktop.createAgent("planner");
  const folder = temporaryHome();
  mkdirSync(join(folder, ".git"));
  writeFileSync(join(folder, ".git", "HEAD"), "ref: refs/heads/feature/search\n");
  const transcriptPath = join(folder, "transcript.jsonl");
  writeFileSync(transcriptPath, '{"type":"custom-title","customTitle":"Work on <b>search</b>"}\n');
  // A terminal with a process in it, as a session's.
  const note = join(folder, "pid");
  const terminal = spawn("xterm", ["-e", "sh", "-c", `echo $$ > "$0" && exec sleep 600`, note], {
    stdio: "ignore",
    env: { PATH: process.env.PATH, HOME: folder, DISPLAY: process.env.DISPLAY },
  });
  const ended = new Promise<void>((resolve) => terminal.once("close", () => resolve()));
  onTestFinished(async () => {
    terminal.kill();
    await ended;
  });
  await expect
    .poll(() => existsSync(note) && readFileSync(note, "utf8").trim(), WAIT)
    .toMatch(/^\d+$/);
  const pid = Number(readFileSync(note, "utf8"));
  const first = await session(home, { label: "claude:1", pid, cwd: folder });
  await session(home, { label: "claude:2", pid: process.pid, cwd: folder });

  await page.getByTestId("session-planner-claude:1").click();
  await page.getByTitle("On branch feature/search").waitFor();
  // A hook names the transcript, where the title stands.
  await first.call("hook", {
    ...{ name: "user-prompt-submit", sessionId: "claude:1", pid, transcriptPath },
    ...{ source: null, stopHookActive: false, notification: null, shown: [] },
  });
  await page.getByText("Work on <b>search</b>").first().waitFor(WAIT);
  await desktop.show("session-known");
  const focused = () => xdotool(["getwindowfocus", "getwindowpid"]);
  const window = await desktop.electron.browserWindow(page);
  await window.evaluate((one) => one.focus());
  await page.getByTestId("raise-terminal").click();
  await expect.poll(focused, WAIT).toBe(`${terminal.pid}`);

  // This test's own process is in no terminal of this display.
  await page.getByTestId("session-planner-claude:2").click();
  await page.getByTestId("raise-terminal").click();
  await page.getByText("Its terminal cannot be raised").waitFor(WAIT);
});

async function session(home: string, one: { label: string; pid: number; cwd: string }) {
  const client = await HostClient.connect(homePaths(home), "test");
  onTestFinished(() => client.close());
  const place = { wallet: "planner", harnessSessionId: one.label, pinned: true };
  await client.call("attach", { ...place, ...one });
  return client;
}

/** What it prints; empty when it fails. */
function xdotool(words: readonly string[]): Promise<string> {
  const child = spawn("xdotool", [...words], { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  return new Promise((resolve) => child.once("close", () => resolve(output.trim())));
}
