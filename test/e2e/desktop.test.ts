import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ElectronApplication, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runClaude, toolName } from "../support/claude-code.ts";
import { launchElectron, PATIENCE } from "../support/launch-electron.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/**
 * The whole product: Electron with tray and window, three Claude Code processes, two agents. Needs
 * what `npm test` prepares.
 */
const executablePath = process.env.TINYPLACE_TEST_ELECTRON ?? "";
const folder = process.env.TINYPLACE_TEST_APP ?? "";
const command = [process.execPath, process.env.TINYPLACE_TEST_CLI ?? ""];
const PICTURES = join(import.meta.dirname, "../artifacts");
const home = temporaryHome();
let application: ElectronApplication;
let page: Page;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  application = await launchElectron({
    executablePath,
    args: [...root, "--disable-gpu", folder, "--home", home],
    env: { ...(process.env as Record<string, string>), TINYPLACE_KEYSTORE: "file" },
  });
  page = await application.firstWindow(PATIENCE);
});

afterAll(async () => {
  const child = application?.process();
  const closed = new Promise((resolve) => child?.once("close", resolve));
  await application?.close();
  if (child && child.exitCode === null) await closed;
});

async function picture(name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) });
  }
}

async function agentId(name: string): Promise<string> {
  const answer = await page.evaluate(() =>
    (
      globalThis as unknown as { tinyplace: { call(n: string, r: object): Promise<never> } }
    ).tinyplace.call("host.snapshot", {}),
  );
  const { agents } = (answer as { value: { agents: { name: string; cryptoId: string }[] } }).value;
  return agents.find((one) => one.name === name)?.cryptoId ?? "";
}

async function createAgent(name: string): Promise<string> {
  const answer = await page.evaluate(
    (agent) =>
      (
        globalThis as unknown as { tinyplace: { call(n: string, r: object): Promise<never> } }
      ).tinyplace.call("agent.create", { name: agent }),
    name,
  );
  return (answer as { value: { cryptoId: string } }).value.cryptoId;
}

describe("U2 the window shows what the daemon does", () => {
  test("from the first agent to a held message that is delivered", async () => {
    await page.getByTestId("agent-name-input").waitFor();
    await picture("first-run");
    await page.getByTestId("agent-name-input").fill("planner");
    await page.getByTestId("create-agent").click();
    await page.getByTestId("agent-planner").waitFor();
    const planner = await agentId("planner");
    const reviewer = await createAgent("reviewer");
    await page.getByTestId("agent-reviewer").waitFor();

    const last = (results: readonly Record<string, unknown>[]) => results.at(-1) ?? {};
    /** Holds a session open until the test says so: its model waits for mail that never comes. */
    let releaseFirst = false;
    const firstInboxes: unknown[] = [];
    const first = runClaude({
      command,
      home,
      wallet: "reviewer",
      label: "claude:1",
      script: (results) => {
        const { messages, reply } = last(results) as { messages?: unknown[]; reply?: unknown };
        firstInboxes.push(...(messages ?? []), ...(reply ? [reply] : []));
        if (releaseFirst) return { say: "done" };
        const to = { from: planner, timeout_seconds: 1 };
        return results.length % 2 === 0
          ? { tool: toolName("await_reply"), input: to }
          : { tool: toolName("inbox"), input: {} };
      },
    });
    await page.getByTestId("session-reviewer-claude:1").waitFor();

    const second = runClaude({
      command,
      home,
      wallet: "reviewer",
      label: "claude:2",
      script: (results) => {
        if (results.length === 0) {
          const input = { from: planner, timeout_seconds: 60 };
          return { tool: toolName("await_reply"), input };
        }
        if (results.length === 1) {
          const { reply } = last(results) as {
            reply: { id: string; from: string; fromSession: string; text: string };
          };
          return {
            tool: toolName("send"),
            input: {
              to: reply.from,
              to_session: reply.fromSession,
              in_reply_to: reply.id,
              body: `Reviewed: ${reply.text}`,
            },
          };
        }
        return { say: JSON.stringify(last(results)) };
      },
    });
    await page.getByTestId("session-reviewer-claude:2").waitFor();

    const asked = await runClaude({
      command,
      home,
      wallet: "planner",
      script: (results) => {
        const send = (to_session: string, body: string) => ({
          tool: toolName("send"),
          input: { to: reviewer, to_session, body },
        });
        if (results.length === 0) return send("claude:2", "the plan, please");
        if (results.length === 1) return send("claude:7", "for whoever becomes claude:7");
        if (results.length === 2) {
          const { sent } = results[0] as { sent: { id: string } };
          const input = { in_reply_to: sent.id, wait_seconds: 30 };
          return { tool: toolName("check_reply"), input };
        }
        return { say: JSON.stringify(last(results)) };
      },
    });
    expect(JSON.parse(asked)).toMatchObject({
      reply: { text: "Reviewed: the plan, please", fromSession: "claude:2" },
    });
    expect(JSON.parse(await second)).toMatchObject({ sent: { via: "relay" } });

    await expect.poll(() => page.getByTestId("unrouted-count").textContent()).toContain("1");
    await page.getByTestId("nav-unrouted").click();
    await page.getByText("for whoever becomes claude:7").first().waitFor();
    await picture("unrouted");
    await page.getByTestId("session-reviewer-claude:1").click();
    await picture("session");
    await page.getByTestId("agent-reviewer").click();
    await picture("agent");

    const seventh = await runClaude({
      command,
      home,
      wallet: "reviewer",
      label: "claude:7",
      script: (results) =>
        results.length === 0
          ? { tool: toolName("inbox"), input: {} }
          : { say: JSON.stringify(last(results)) },
    });
    expect(JSON.parse(seventh)).toMatchObject({
      count: 1,
      messages: [{ text: "for whoever becomes claude:7" }],
    });
    releaseFirst = true;
    await first;
    // Only claude:2 and claude:7 got mail.
    expect(firstInboxes).toEqual([]);
  });
});

test("M1 the bridge runs on the application's own executable as Node", async () => {
  const transport = new StdioClientTransport({
    command: executablePath,
    args: [join(folder, "main", "cli.js"), "mcp", "--home", home],
    env: { ...(process.env as Record<string, string>), ELECTRON_RUN_AS_NODE: "1" },
  });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  const { structuredContent } = await client.callTool({ name: "wallet_list", arguments: {} });
  expect(structuredContent).toMatchObject({ wallets: [{ name: "planner" }, { name: "reviewer" }] });
  await client.close();
});

test("Z3 a page that is not ours, or a call that is not in the map, is refused", async () => {
  const call = (name: string, request: unknown) =>
    page.evaluate(
      ([n, r]) =>
        (
          globalThis as unknown as { tinyplace: { call(n: unknown, r: unknown): Promise<unknown> } }
        ).tinyplace.call(n, r),
      [name, request] as const,
    );
  expect(await call("constructor", {})).toMatchObject({ ok: false });
  expect(await call("agent.create", { name: "", extra: 1 })).toMatchObject({ ok: false });
  expect(await page.evaluate(() => typeof (globalThis as { require?: unknown }).require)).toBe(
    "undefined",
  );
  expect(await page.evaluate(() => window.open("https://example.org"))).toBeNull();
});
