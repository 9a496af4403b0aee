import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { Account } from "../support/plugged-claude.ts";

const BIN = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
const WAIT = { timeout: 60_000, interval: 50 };

test("U2 U4 settings are done at once and kept over a restart, as is the window's place", async () => {
  const first = await startDesktop();
  const { page, home } = first;
  await first.createAgent("planner");
  await page.getByTestId("nav-settings").click();
  await page.getByTestId("policy-planner").selectOption("broadcast");
  await page.getByTestId("pause-planner").click();
  await expect.poll(() => page.getByTestId("pause-planner").isChecked(), WAIT).toBe(true);
  await page.getByTestId("notifications").click();
  // It runs from a folder, and is no package that could be replaced: it says so.
  await page.getByText("This runs from its sources").waitFor();
  expect(await page.getByTestId("updates").isDisabled()).toBe(true);
  await page.getByTestId("told-planner").selectOption("alarms");
  await page.getByTestId("own-contacts").click();
  await page.getByTestId("start-at-login").click();
  const entry = join(home, "config", "autostart", "tinyplace.desktop");
  await expect.poll(() => existsSync(entry), WAIT).toBe(true);
  await first.show("settings");
  const window = await first.electron.browserWindow(page);
  const bounds = { x: 40, y: 50, width: 900, height: 610 };
  await window.evaluate((one, to) => one.setBounds(to), bounds);
  // What the window system has carried out, which comes after what was asked for.
  await expect.poll(() => window.evaluate((one) => one.getNormalBounds()), WAIT).toEqual(bounds);
  await window.evaluate((one) => one.close());
  await first.close();

  const second = await startDesktop({ home });
  const again = await second.electron.browserWindow(second.page);
  expect(await again.evaluate((one) => one.getBounds())).toEqual(bounds);
  await second.page.getByTestId("nav-settings").click();
  await expect
    .poll(() => second.page.getByTestId("policy-planner").inputValue(), WAIT)
    .toBe("broadcast");
  expect(await second.page.getByTestId("pause-planner").isChecked()).toBe(true);
  expect(await second.page.getByTestId("notifications").isChecked()).toBe(false);
  expect(await second.page.getByTestId("start-at-login").isChecked()).toBe(true);
  expect(await second.page.getByTestId("told-planner").inputValue()).toBe("alarms");
  expect(await second.page.getByTestId("own-contacts").isChecked()).toBe(false);
});

test("M3 one click in the settings installs the plugin, another undoes it, and a failure is said", async () => {
  const account = new Account();
  const { page, show, createAgent } = await startDesktop({
    env: { HOME: account.home, PATH: `${BIN}:${process.env.PATH}` },
  });
  await createAgent("planner");
  await page.getByTestId("nav-settings").click();
  await page.getByTestId("plugin-install").click();
  const done = page.getByTestId("plugin-done");
  await expect.poll(() => done.textContent(), WAIT).toContain("The plugin is installed");
  const listed = await account.claude(["plugin", "list", "--json"]);
  expect(JSON.parse(listed.output)).toMatchObject([{ id: "tinyplace@tinyplace", enabled: true }]);
  await page.getByText("plugin uninstall --home").waitFor();
  await show("settings-plugin");
  await page.getByTestId("plugin-uninstall").click();
  await expect.poll(() => done.textContent(), WAIT).toContain("uninstalled");
  expect(JSON.parse((await account.claude(["plugin", "list", "--json"])).output)).toEqual([]);

  const alone = await startDesktop({ env: { HOME: account.home, PATH: "/nowhere" } });
  await alone.createAgent("planner");
  await alone.page.getByTestId("nav-settings").click();
  await alone.page.getByText("Claude Code cannot be started").waitFor();
  await alone.show("settings-plugin-problem");
});
