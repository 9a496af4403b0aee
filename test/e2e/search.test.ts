import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";

/** More than is shown of what came after a message that was found. */
const LATER = 130;
const WAIT = { timeout: 60_000, interval: 50 };

test("U2 mail is searched everywhere and in a session, and read as conversations, by keyboard", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  const planner = await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const second = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const answering = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "reviewer" });
  for (const bridge of [asking, second, answering]) await bridge.call("whoami");
  const send = async (from: typeof asking, to: string, to_session: string, body: string) =>
    expect(await from.call("send", { to, to_session, body })).toHaveProperty("sent");
  await send(second, planner, "claude:1", "The deployment is green on staging.");
  await send(answering, planner, "claude:1", "The migration locks the <b>users</b> table.");
  await send(asking, reviewer, "claude:1", "Then split the migration into batches, please.");
  await send(asking, reviewer, "claude:9", "A migration note for whoever becomes nine.");
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("1");
  await expect
    .poll(() => page.getByTestId("unread-planner-claude:1").textContent(), WAIT)
    .toBe("2");

  // Conversations of one session.
  await page.getByTestId("session-planner-claude:1").click();
  await page.getByTestId("conversation-reviewer").waitFor();
  await page.getByTestId("conversation-claude:2").waitFor();
  await desktop.show("conversations");
  await page.getByTestId("conversation-reviewer").click();
  await page.getByTestId("conversation-header").waitFor();
  const messages = page.locator("article");
  await expect.poll(() => messages.count(), WAIT).toBe(3);
  await desktop.show("conversation");
  await page.getByTestId("show-unread").click();
  await expect.poll(() => messages.count(), WAIT).toBe(1);

  // Everywhere: typed, walked with the arrows, opened with Enter.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("migr");
  const found = page.locator("[data-found]");
  // The reviewer's copy, the planner's own, and the one that is held.
  await expect.poll(() => found.count(), WAIT).toBe(6);
  expect(await page.locator("mark").first().textContent()).toBe("migration");
  await page.getByText("Held by reviewer").first().waitFor();
  await desktop.show("search");
  await page.keyboard.type("ation locks");
  await expect.poll(() => found.count(), WAIT).toBe(2);
  await page.getByTestId("search-way").selectOption("received");
  await expect.poll(() => found.count(), WAIT).toBe(1);
  await page.getByTestId("search-words").press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator("article", { hasText: "locks the <b>users</b>" }).waitFor();
  expect(await page.evaluate("document.activeElement.role")).toBe("log");

  // In the session that is looked at.
  await page.keyboard.press("Control+f");
  await page.getByTestId("search-words").fill("deployment");
  await expect.poll(() => found.count(), WAIT).toBe(1);
  expect(await page.getByTestId("search-scope").inputValue()).toContain("claude:1");
  await page.getByTestId("search-words").fill("xylophone");
  await page.getByText("Nothing found").waitFor();
  await desktop.show("search-nothing");

  // Far back in the past: it is shown there, with the way to the newest.
  for (let n = 0; n < LATER; n++) await send(second, planner, "claude:1", `later ${n}`);
  await page.getByTestId("search-words").fill("deployment staging");
  await expect.poll(() => found.count(), WAIT).toBe(1);
  await page.getByTestId("open-found").click();
  await page.locator("article", { hasText: "green on staging" }).waitFor();
  await page.getByTestId("show-newest").click();
  await page.locator("article", { hasText: `later ${LATER - 1}` }).waitFor();
  expect(await page.getByTestId("show-newest").count()).toBe(0);

  // What a session had read when it ended stays in reach. What it had not is held soon after.
  await answering.call("inbox");
  await answering.close();
  await page.getByTestId("agent-reviewer").click();
  await page.getByTestId("earlier-claude:1").click();
  await page.locator("article", { hasText: "split the migration" }).waitFor();
});

test("U2 R3 a found message that is held or discarded is gone to itself", async () => {
  const desktop = await startDesktop();
  const { page, home, createAgent } = desktop;
  const reviewer = await createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "reviewer" });
  await asking.call("whoami");
  for (const body of ["An older note.", "A newer note.", "The newest note."]) {
    await asking.call("send", { to: reviewer, to_session: "claude:9", body });
  }
  const held = () => page.getByTestId("unrouted-count").textContent();
  await expect.poll(held, WAIT).toBe("3");
  const open = async (where: string) => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type("newer");
    const found = page.locator("[data-found]");
    await expect.poll(() => found.count(), WAIT).toBe(1);
    await found.filter({ hasText: where }).focus();
    await page.keyboard.press("Enter");
  };
  const focused = () => page.evaluate("document.activeElement.closest('li').textContent");
  await open("Held by");
  await expect.poll(focused, WAIT).toContain("A newer note.");
  await page.keyboard.press("e");
  await expect.poll(held, WAIT).toBe("2");
  await expect.poll(focused, WAIT).toContain("The newest note.");

  await open("Discarded from");
  await expect.poll(focused, WAIT).toContain("A newer note.");
  await desktop.show("search-opened-discarded");
  await page.keyboard.press("Enter");
  await expect.poll(held, WAIT).toBe("3");
});

test("R4 a session that ended is not listed for mail that waits in triage", async () => {
  const { page, home, createAgent } = await startDesktop();
  await createAgent("planner");
  const reviewer = await createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const brief = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "reviewer",
    TINYPLACE_SESSION_LABEL: "brief",
  });
  for (const bridge of [asking, brief]) await bridge.call("whoami");
  await asking.call("send", { to: reviewer, to_session: "brief", body: "read by nobody" });
  await expect.poll(() => page.getByTestId("unread-reviewer-brief").textContent(), WAIT).toBe("1");
  await page.getByTestId("agent-reviewer").click();
  await brief.close();
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("1");
  await expect.poll(() => page.getByTestId("earlier-brief").count(), WAIT).toBe(0);
});
