import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";

const WAIT = { timeout: 60_000, interval: 50 };

test("U4 links open their place, in the application that runs; what is no place opens none", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  const planner = await desktop.createAgent("planner");
  const title = () => page.locator("h1").first().textContent();
  expect(await start(home, "tinyplace://activity")).toBe(0);
  await expect.poll(title, WAIT).toBe("Activity");
  // A hidden window is brought to the front by it.
  const window = await desktop.electron.browserWindow(page);
  await window.evaluate((one) => one.hide());
  expect(await start(home, `tinyplace://session/${planner}/claude:3`)).toBe(0);
  await expect.poll(() => window.evaluate((one) => one.isVisible()), WAIT).toBe(true);
  await expect.poll(title, WAIT).toBe("planner/claude:3");
  await page.getByTestId("nav-settings").click();
  expect(await start(home, `tinyplace://send?to=${planner}&text=hello`)).toBe(0);
  expect(await start(home, "tinyplace://agent/../../etc")).toBe(0);
  expect(await title()).toBe("Settings");
  await desktop.close();

  // Started with a link, it begins there, whatever it showed last.
  const again = await startDesktop({ home, words: ["tinyplace://contacts"] });
  await again.page.getByText("No contacts yet").waitFor();
});

/** Starts the application once more, as a desktop does for a link; its exit code. */
function start(home: string, link: string): Promise<number | null> {
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const folder = process.env.TINYPLACE_TEST_APP ?? "";
  const words = [...root, "--disable-gpu", folder, "--home", home, link];
  const env = { ...process.env, TINYPLACE_KEYSTORE: "file" };
  const child = spawn(process.env.TINYPLACE_TEST_ELECTRON ?? "", words, { env, stdio: "ignore" });
  return new Promise((resolve) => child.once("close", resolve));
}
