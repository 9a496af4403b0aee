import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";

const WAIT = { timeout: 60_000, interval: 50 };
const SIZES = [
  [640, 600],
  [480, 460],
] as const;

test("U3 U6 a message is written, its way foreseen, and followed until it is read", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const answering = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "reviewer",
    CLAUDE_PROJECT_DIR: "/projects/api",
  });
  expect(await answering.call("whoami")).toMatchObject({ label: "claude:1" });

  const composer = await desktop.opened(() => page.keyboard.press("Control+n"));
  await composer.getByTestId("from-agent").waitFor();
  await desktop.show("composer-empty", composer, SIZES);
  const foreseen = () => composer.getByTestId("foresight").textContent();
  await composer.getByTestId("to-agent").selectOption(reviewer);
  await expect.poll(foreseen, WAIT).toContain("It reaches reviewer / claude:1.");
  await expect.poll(foreseen, WAIT).toContain("claude:1 is idle");
  await composer.getByTestId("to-session").selectOption("claude:1");
  await expect.poll(foreseen, WAIT).toContain("It reaches reviewer / claude:1.");
  await composer.getByTestId("text").fill("Please review the plan before noon.");
  await desktop.show("composer", composer, SIZES);

  // The session ends: what will happen is another thing now, and is said at once.
  await answering.close();
  await expect.poll(foreseen, WAIT).toContain("holds it until the session claude:1 is live");
  const back = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "reviewer" });
  expect(await back.call("whoami")).toMatchObject({ label: "claude:1" });
  await expect.poll(foreseen, WAIT).toContain("It reaches reviewer / claude:1.");

  await composer.keyboard.press("Control+Enter");
  await composer.getByTestId("sent").waitFor();
  await expect.poll(() => composer.getByTestId("sent").textContent(), WAIT).toBe("Pushed");
  expect(await back.call("inbox")).toMatchObject({
    count: 1,
    messages: [{ text: "Please review the plan before noon.", role: "user", fromSession: null }],
  });
  await expect.poll(() => composer.getByTestId("sent").textContent(), WAIT).toBe("Read");
  const rungs = () =>
    composer
      .getByTestId("ladder")
      .locator("li")
      .evaluateAll((steps) =>
        steps.map((step) => (step as unknown as { dataset: { rung: string } }).dataset.rung),
      );
  expect(await rungs()).toEqual(["queued", "relayed", "received", "inbox", "pushed", "read"]);
  await desktop.show("composer-sent", composer, SIZES);
});

test("U3 drafts are kept over a restart, and a handle nobody has is said before sending", async () => {
  const first = await startDesktop();
  const { home } = first;
  await first.createAgent("planner");
  const composer = await first.opened(() => first.page.getByTestId("compose").click());
  await composer.getByTestId("to-agent").selectOption("other");
  await composer.getByTestId("to-address").fill("@nobody");
  await expect
    .poll(() => composer.getByTestId("foresight").textContent(), WAIT)
    .toContain("knows no @nobody");
  await composer.getByTestId("text").fill("To be continued");
  // Closed at once: what was typed last is saved too.
  const closed = composer.waitForEvent("close");
  // The window is gone before the key counts as pressed.
  await composer.keyboard.press("Escape").catch(() => undefined);
  await closed;
  await first.page.getByTestId("nav-drafts").waitFor();
  await first.close();

  const second = await startDesktop({ home });
  await second.page.getByTestId("nav-drafts").click();
  await second.page.getByText("To be continued").waitFor();
  await second.show("drafts");
  const again = await second.opened(() => second.page.getByText("To be continued").click());
  await expect.poll(() => again.getByTestId("text").inputValue(), WAIT).toBe("To be continued");
  expect(await again.getByTestId("to-address").inputValue()).toBe("@nobody");
});

test("U3 R3 a held message is answered from triage, and settled by the answer", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  const planner = await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const { sent } = (await asking.call("send", {
    to: reviewer,
    to_session: "claude:4",
    body: "May I merge?",
  })) as { sent: { id: string } };
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("1");
  await page.getByTestId("nav-unrouted").click();
  await page.getByText("May I merge?").first().waitFor();
  const composer = await desktop.opened(() => page.keyboard.press("r"));
  await expect
    .poll(() => composer.getByTestId("foresight").textContent(), WAIT)
    .toContain("It reaches planner / claude:1.");
  expect(await composer.getByTestId("from-agent").inputValue()).toBe(reviewer);
  expect(await composer.getByTestId("from-session").inputValue()).toBe("claude:4");
  expect(await composer.getByTestId("to-agent").inputValue()).toBe(planner);
  await composer.getByTestId("text").fill("Yes, you may.");
  await desktop.show("composer-answer", composer, SIZES);
  await composer.getByTestId("send").click();
  await composer.getByTestId("sent").waitFor();
  expect(
    await asking.call("check_reply", { in_reply_to: sent.id, wait_seconds: 30 }),
  ).toMatchObject({ reply: { text: "Yes, you may.", role: "user", inReplyTo: sent.id } });
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("0");
  await page.getByTestId("show-discarded").click();
  await page.getByText("May I merge?").waitFor();
});

test("U3 U4 a message is addressed and written by keyboard alone", async () => {
  const desktop = await startDesktop();
  await desktop.createAgent("planner");
  await desktop.createAgent("reviewer");
  const tester = await desktop.createAgent("tester");
  const composer = await desktop.opened(() => desktop.page.keyboard.press("Control+n"));
  const to = composer.getByTestId("to-agent");
  await to.waitFor();
  const focused = () => composer.evaluate("document.activeElement.dataset.testid");
  expect(await focused()).toBe("to-agent");
  // Past the agents that are listed before it.
  for (let row = 0; row < 3; row++) await composer.keyboard.press("ArrowDown");
  expect(await to.inputValue()).toBe(tester);
  expect(await focused()).toBe("to-agent");

  await composer.keyboard.press("End");
  await composer.keyboard.press("Tab");
  await composer.keyboard.type("@nobody");
  expect(await composer.getByTestId("to-address").inputValue()).toBe("@nobody");
  await composer.keyboard.press("Tab");
  await composer.keyboard.press("Tab");
  await composer.keyboard.type("Good morning");
  expect(await composer.getByTestId("text").inputValue()).toBe("Good morning");
});

test("U3 a sent message shows how far it came, however long it is, and its text as it was written", async () => {
  const desktop = await startDesktop();
  const planner = await desktop.createAgent("planner");
  const composer = await desktop.opened(() => desktop.page.keyboard.press("Control+n"));
  await composer.getByTestId("to-agent").selectOption(planner);
  await composer
    .getByTestId("text")
    .fill(`\u0645\u0631\u062d\u0628\u0627\n${"One line of many.\n".repeat(200)}`);
  await desktop.resize(composer, [480, 460], 1);
  await composer.keyboard.press("Control+Enter");
  const rung = composer.getByTestId("ladder").locator("li").first();
  await rung.waitFor();
  const { y, height } = (await rung.boundingBox()) as { y: number; height: number };
  expect(y + height).toBeLessThan(460);

  // Each paragraph begins at the side of its own script, whatever the first one's is.
  const begins = await composer.evaluate(`(() => {
    const text = document.querySelector("main .foreign-text");
    const range = document.createRange();
    return ["\\u0645\\u0631\\u062d\\u0628\\u0627", "One line"].map((words) => {
      const at = text.textContent.indexOf(words);
      range.setStart(text.firstChild, at);
      range.setEnd(text.firstChild, at + words.length);
      const { left, right } = range.getBoundingClientRect();
      const column = text.getBoundingClientRect();
      return { left: left - column.left < 1, right: column.right - right < 1 };
    });
  })()`);
  expect(begins).toEqual([
    { left: false, right: true },
    { left: true, right: false },
  ]);
});
