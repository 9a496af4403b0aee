import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { runHook } from "../support/hooks.ts";
import { startBridge } from "../support/processes.ts";

const WAIT = { timeout: 60_000, interval: 50 };

test("M2 U5 the window shows what a session asks, answers it, and shows which ways in work", async () => {
  const { page, home, createAgent, show } = await startDesktop();
  await createAgent("planner");
  const session = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "planner",
    CLAUDE_CODE_SESSION_ID: "asks",
  });
  const answers: unknown[] = [];
  session.client.fallbackNotificationHandler = async ({ method, params }) => {
    if (method === "notifications/claude/channel/permission") answers.push(params);
  };
  await page.getByTestId("session-planner-claude:1").click();
  const ways = page.getByTestId("session-ways");
  await ways.locator('[data-way="tool works"]').waitFor();
  await ways.locator('[data-way="hook unproven"]').waitFor();
  const ask = (id: string) =>
    session.client.notification({
      method: "notifications/claude/channel/permission_request",
      params: {
        ...{ request_id: id, tool_name: "Bash" },
        description: "Remove the build folder",
        input_preview: `{"command":"rm -rf build && echo \u202edone"}`,
      },
    });
  await ask("abcde");
  await page.getByTestId("prompt-claude:1").getByText("Remove the build folder").waitFor();
  // What would turn the reading around is shown, not obeyed.
  await page.getByText("<U+202E>").waitFor();
  await runHook(home, "permission-request", { session_id: "asks" });
  await show("permission-prompt");
  await page.getByTestId("allow-claude:1").click();
  await expect.poll(() => answers, WAIT).toEqual([{ request_id: "abcde", behavior: "allow" }]);
  await expect.poll(() => page.getByTestId("prompt-claude:1").count(), WAIT).toBe(0);
  await ways.locator('[data-way="hook works"]').waitFor();
  await ask("fghij");
  await page.getByTestId("agent-planner").click();
  await page.getByTestId("deny-claude:1").click();
  await expect.poll(() => answers.length, WAIT).toBe(2);
  expect(answers[1]).toEqual({ request_id: "fghij", behavior: "deny" });
});
