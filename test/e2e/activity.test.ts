import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";

const WAIT = { timeout: 60_000, interval: 50 };

test("U2 activity says what the daemon did and why, filters, and copies no text", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  await asking.call("send", { to: reviewer, to_session: "claude:3", body: "a secret sentence" });
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("1");
  await page.getByTestId("nav-activity").click();
  const lines = () => page.getByRole("list", { name: "Activity" }).locator("li").allTextContents();
  const has = (part: string) =>
    expect.poll(async () => (await lines()).some((line) => line.includes(part)), WAIT).toBe(true);
  await has("Took a message to reviewer for sending");
  await has("Held mail of planner for claude:3: the session it is for is not live");
  const answering = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "reviewer",
    TINYPLACE_SESSION_LABEL: "claude:3",
  });
  await has("Delivered mail of planner to claude:3: what held it is over");
  expect(await answering.call("inbox")).toMatchObject({ count: 1 });
  await answering.close();

  await asking.call("send", { to: reviewer, to_session: "claude:5", body: "a secret sentence" });
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("1");
  const { holds } = (await desktop.call("holds.list", {})) as { holds: { seq: number }[] };
  await desktop.call("hold.discard", { agentId: reviewer, seq: holds[0]?.seq ?? 0 });
  await has("You discarded held mail of planner");
  await desktop.show("activity");

  await page.getByTestId("kind").selectOption("holds");
  await expect
    .poll(async () => (await lines()).every((line) => /eld mail/.test(line)), WAIT)
    .toBe(true);
  await page.getByTestId("filter").fill("claude:5");
  await expect.poll(async () => (await lines()).length, WAIT).toBe(1);
  expect(JSON.stringify(await desktop.call("activity.list", { limit: 1000 }))).not.toContain(
    "secret",
  );
});
