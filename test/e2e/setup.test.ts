import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startMessagesApi } from "../fakes/messages-api.ts";
import { toolName } from "../support/claude-code.ts";
import { startDesktop } from "../support/desktop.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const WAIT = { timeout: 60_000, interval: 50 };
const CLAUDE = fileURLToPath(new URL("../../node_modules/.bin/claude", import.meta.url));

test("U4 the first steps: an agent, Claude Code connected and seen attached, a message read; interrupted and gone on with", async () => {
  // A person's account: what connects Claude Code writes into this one's settings alone.
  const account = temporaryHome();
  const env = { HOME: account };
  const first = await startDesktop({ env });
  const { home } = first;
  await first.page.getByTestId("agent-name-input").waitFor();
  await first.show("first-run");
  await first.page.getByTestId("agent-name-input").fill("planner");
  await first.page.getByTestId("create-agent").click();
  // What had the focus is gone with the page before.
  await expect
    .poll(() => first.page.evaluate("document.activeElement.ariaLabel"), WAIT)
    .toBe("First steps");
  await first.page.getByTestId("connect-claude").waitFor();
  await first.show("setup");
  await first.close();

  // Interrupted: it goes on where it was.
  const { page, ...second } = await startDesktop({ home, env });
  await page.getByTestId("connect-claude").click();
  await page.getByTestId("waits-for-session").waitFor(WAIT);
  await second.show("setup-connected");
  const settings = JSON.parse(readFileSync(join(account, ".claude.json"), "utf8")) as {
    mcpServers: { tinyplace: { args: string[] } };
  };
  expect(settings.mcpServers.tinyplace.args).toEqual(
    expect.arrayContaining(["mcp", "--home", home]),
  );

  // A real Claude Code of this account, told nothing about tinyplace: its settings name it.
  const api = await startMessagesApi((results) => {
    const { messages } = (results.at(-1) ?? {}) as { messages?: { text: string }[] };
    return messages?.[0] ? { say: messages[0].text } : { tool: toolName("inbox"), input: {} };
  });
  onTestFinished(() => api.close());
  const project = join(account, "shop");
  mkdirSync(project);
  const claude = spawn(CLAUDE, ["-p", "Begin.", "--allowedTools", "mcp__tinyplace"], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      HOME: account,
      TINYPLACE_KEYSTORE: "file",
      TINYPLACE_SESSION_DAEMON: "join",
      ANTHROPIC_BASE_URL: api.url,
      ANTHROPIC_API_KEY: "any-word",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    },
  });
  const ended = new Promise<void>((resolve) => claude.once("close", () => resolve()));
  onTestFinished(async () => {
    claude.kill();
    await ended;
  });
  let said = "";
  claude.stdout.on("data", (data: Buffer) => {
    said += data.toString();
  });
  await page.getByTestId("connected").waitFor(WAIT);
  expect(await page.getByTestId("connected").textContent()).toContain("claude:1 in shop");
  await page.getByTestId("send-first").click();
  await page.getByTestId("first-read").waitFor(WAIT);
  await second.show("setup-done");
  await ended;
  expect(said).toContain("If you can read this");
  await page.getByTestId("finish-setup").click();
  await page.getByTestId("nav-setup").waitFor({ state: "detached" });
  await page.getByTestId("nav-contacts").click();
  await second.close();

  // Done is done, and the window comes back to where it was.
  const third = await startDesktop({ home, env });
  await third.page.getByText("No contacts yet").waitFor();
  expect(await third.page.getByTestId("nav-setup").count()).toBe(0);
});
