import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";

const WAIT = { timeout: 60_000, interval: 50 };

test("U2 R3 held mail is settled by keyboard alone: given, ruled, discarded and taken back", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  const planner = await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const answering = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "reviewer",
    CLAUDE_PROJECT_DIR: "/projects/api",
  });
  expect(await answering.call("whoami")).toMatchObject({ label: "claude:1" });
  const send = async (to_session: string, body: string) =>
    expect(await asking.call("send", { to: reviewer, to_session, body })).not.toHaveProperty(
      "error",
    );
  await send("claude:7", "The migration of the users table is written; please look at its locks.");
  await send("claude:8", "<b>Deploy</b> finished.");
  await send("claude:9", "First for nine.");

  const count = () => page.getByTestId("unrouted-count").textContent();
  await expect.poll(count, WAIT).toBe("3");
  await page.getByTestId("nav-unrouted").click();
  const current = page.locator("[data-hold][aria-current=true]");
  await current.waitFor();
  await desktop.show("triage");

  // Given to a session: menu, choice and all.
  await page.keyboard.press("a");
  await page.getByTestId("give-to-claude:1").waitFor();
  await desktop.show("triage-give-to");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(count, WAIT).toBe("2");
  expect(await answering.call("inbox")).toMatchObject({
    count: 1,
    messages: [{ text: expect.stringContaining("migration"), released: true }],
  });

  // Discarded, and taken back at once.
  await expect.poll(() => current.textContent(), WAIT).toContain("Deploy");
  await page.keyboard.press("e");
  await expect.poll(count, WAIT).toBe("1");
  await desktop.show("triage-discarded-toast");
  await page.keyboard.press("z");
  await expect.poll(count, WAIT).toBe("2");

  // Discarded, and taken back from the list of what was discarded.
  await page.keyboard.press("k");
  await expect.poll(() => current.textContent(), WAIT).toContain("Deploy");
  await page.keyboard.press("#");
  await expect.poll(count, WAIT).toBe("1");
  await page.getByTestId("show-discarded").click();
  await page.getByRole("button", { name: "Take back" }).waitFor();
  await desktop.show("triage-discarded");
  await page.getByRole("button", { name: "Take back" }).click();
  await page.getByText("Nothing discarded").waitFor();
  await page.getByTestId("show-held").click();
  await expect.poll(count, WAIT).toBe("2");

  // A rule: what is held for the label goes at once, and what comes later too while it is not live.
  await page.keyboard.press("j");
  await expect.poll(() => current.textContent(), WAIT).toContain("First for nine");
  await page.keyboard.press("m");
  await page.getByTestId("redirect-to-claude:1").waitFor();
  const rule = "While claude:9 is not live, its mail goes to";
  await page.getByText(`${rule}:`).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(count, WAIT).toBe("1");
  await page.getByText(`${rule} claude:1`).waitFor();
  await send("claude:9", "Second for nine.");
  const next = () => answering.call("await_reply", { from: planner, timeout_seconds: 60 });
  expect(await next()).toMatchObject({ reply: { text: "First for nine." } });
  expect(await next()).toMatchObject({ reply: { text: "Second for nine." } });

  // The last one discarded is taken back by its key, too.
  await page.keyboard.press("e");
  await page.getByText("Nothing is held").waitFor();
  await desktop.show("triage-nothing");
  await page.keyboard.press("z");
  await expect.poll(count, WAIT).toBe("1");
});
