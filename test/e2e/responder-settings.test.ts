import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const WAIT = { timeout: 120_000, interval: 100 };
/** Without a session held mail is answered after this long, in ms of real time. */
const ALONE = { timeout: 240_000, interval: 500 };

/** Stands in for Claude Code where none answers: it prints why, as the real one does. */
function failingClaude(): string {
  const path = join(temporaryHome(), "claude");
  writeFileSync(path, "#!/bin/sh\necho 'Invalid API key. Please run /login' >&2\nexit 1\n");
  chmodSync(path, 0o755);
  return path;
}

test("X1 X2 settings turn it on, say why it is as it is, and show what failed with its output", async () => {
  const env = { TINYPLACE_CLAUDE: failingClaude() };
  const desktop = await startDesktop({ env });
  const { page, home } = desktop;
  const reviewer = await desktop.createAgent("reviewer");
  await desktop.createAgent("planner");
  await page.getByTestId("nav-settings").click();
  const toggle = page.getByTestId("answers-reviewer");
  expect(await toggle.isChecked()).toBe(false);
  await page.getByText("Off. Claude Code can answer").first().waitFor();
  await toggle.click();
  await expect.poll(() => toggle.isChecked(), WAIT).toBe(true);
  const model = page.getByTestId("answer-model-reviewer");
  await model.fill("a model");
  await model.press("Enter");
  // Refused with its reason, and what was there before stays.
  await page.getByRole("alert").getByText("no spaces").waitFor();
  await expect.poll(() => model.inputValue(), WAIT).toBe("");
  await model.fill("sonnet");
  await model.press("Enter");
  const cost = page.getByTestId("answer-cost-reviewer");
  await cost.fill("5");
  await cost.press("Tab");
  await page.getByTestId("answer-rate-reviewer").fill("20");
  await page.getByTestId("answer-rate-reviewer").press("Enter");
  const kept = async () =>
    (await desktop.call("responder.get", { agentId: reviewer })) as {
      settings: object;
      jobs: { state: string }[];
    };
  await expect
    .poll(async () => (await kept()).settings, WAIT)
    .toEqual({ on: true, model: "sonnet", peerPerHour: 20, conversation: 5, dailyLimitUsd: 5 });

  const bridge = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const { sent } = await bridge.call("send", {
    to: reviewer,
    body: "Does the parser still drop the last row?",
  });
  expect(sent).toBeDefined();
  // Two agents, and nobody is there for one of them.
  await expect.poll(async () => (await kept()).jobs.length, ALONE).toBe(1);
  await page.getByText("Rests after a failure").waitFor(WAIT);
  await page.getByText("What Claude Code printed").click();
  await page.getByText("Invalid API key").waitFor(WAIT);
  await page.getByRole("button", { name: "Try again" }).scrollIntoViewIfNeeded();
  await desktop.show("responder-queue");
  await page.getByTestId("stop-answers").click();
  await page.getByText("Stopped. Nothing is answered").waitFor(WAIT);
  expect(await toggle.isChecked()).toBe(false);
  // The other one was off, and is.
  await page.getByText("Off. Claude Code can answer").waitFor(WAIT);
  await toggle.click();
  await expect.poll(() => toggle.isChecked(), WAIT).toBe(true);
});
