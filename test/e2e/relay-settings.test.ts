import { join } from "node:path";
import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { startRelay } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

test("N1 another relay is chosen in the settings, and none of the known ones by itself", async () => {
  const relay = await startRelay(join(temporaryHome(), "relay.db"));
  const { page, show, createAgent } = await startDesktop();
  await createAgent("planner");
  await page.getByTestId("nav-settings").click();
  const choice = page.getByTestId("relay-choice");
  expect(await choice.inputValue()).toBe("own");
  await choice.selectOption({ label: "tiny.place" });
  await page.getByText("may cost money").waitFor();
  await page.getByTestId("relay-use").scrollIntoViewIfNeeded();
  await show("relay-settings");
  await choice.selectOption({ label: "Another one" });
  await page.getByTestId("relay-address").fill("nowhere");
  await page.getByTestId("relay-use").click();
  await page.getByText("is no relay's address").waitFor();
  const gone = await startRelay(join(temporaryHome(), "gone.db"));
  await gone.stop();
  await page.getByTestId("relay-address").fill(gone.ready.url);
  await page.getByTestId("relay-use").click();
  await page.getByText("does not answer").waitFor();
  expect(await page.getByTestId("relay-url").textContent()).not.toBe(gone.ready.url);
  await page.getByTestId("relay-address").fill(relay.ready.url);
  await page.getByTestId("relay-use").click();
  await expect
    .poll(() => page.getByTestId("relay-url").textContent(), { timeout: 60_000 })
    .toBe(relay.ready.url);
});

test("N1 a relay that TINYPLACE_API_URL names is shown as such, and nothing is chosen beside it", async () => {
  const relay = await startRelay(join(temporaryHome(), "relay.db"));
  const { page, createAgent } = await startDesktop({
    env: { TINYPLACE_API_URL: relay.ready.url },
  });
  await createAgent("planner");
  await page.getByTestId("nav-settings").click();
  await page.getByText("Named by TINYPLACE_API_URL").waitFor();
  expect(await page.getByTestId("relay-url").textContent()).toBe(relay.ready.url);
  expect(await page.getByTestId("relay-choice").count()).toBe(0);
});
