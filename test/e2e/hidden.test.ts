import type { Menu } from "electron";
import { expect, test } from "vitest";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";

const WAIT = { timeout: 60_000, interval: 50 };
const MESSAGES = 30;

test("U1 U2 a hidden window is told nothing and draws nothing while mail comes; the tray changes when what it shows does", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  const planner = await desktop.createAgent("planner");
  const sender = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const reader = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  expect(await sender.call("whoami")).toMatchObject({ label: "claude:1" });
  expect(await reader.call("whoami")).toMatchObject({ label: "claude:2" });
  await page.getByTestId("session-planner-claude:2").click();
  await page.getByText("No mail yet").waitFor();
  await page.getByTestId("session-planner-claude:2").waitFor();

  // What the main process does is counted where it does it, what the page does in the page.
  await desktop.electron.evaluate(({ BrowserWindow, Tray }) => {
    const counts = { events: 0, menus: 0, labels: "" };
    const labelsOf = ({ items }: Menu): string =>
      items.map(({ label, submenu }) => `${label}\n${submenu ? labelsOf(submenu) : ""}`).join("");
    const [window] = BrowserWindow.getAllWindows();
    if (!window) throw new Error("there is no window");
    const send = window.webContents.send.bind(window.webContents);
    window.webContents.send = (...words: Parameters<typeof send>) => {
      counts.events++;
      send(...words);
    };
    const setContextMenu = Tray.prototype.setContextMenu;
    Tray.prototype.setContextMenu = function (menu) {
      counts.menus++;
      counts.labels = menu ? labelsOf(menu) : "";
      setContextMenu.call(this, menu);
    };
    Object.assign(globalThis, { counts });
    window.hide();
  });
  const counts = () =>
    desktop.electron.evaluate(
      () =>
        (globalThis as unknown as { counts: { events: number; menus: number; labels: string } })
          .counts,
    );
  // A page that changes nothing has no frame to draw. (The driver keeps it from knowing itself hidden.)
  await page.evaluate(`(() => {
    globalThis.changes = 0;
    new MutationObserver((found) => { changes += found.length; })
      .observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  })()`);

  const before = await counts();
  for (let n = 0; n < MESSAGES; n++) {
    await sender.call("send", { to: planner, to_session: "claude:2", body: `message ${n}` });
  }
  // The tray follows: the daemon has told whoever wants to be told.
  await expect.poll(async () => (await counts()).menus, WAIT).toBeGreaterThan(before.menus);
  await expect
    .poll(async () => (await sender.call("sessions")) as object, WAIT)
    .toMatchObject({ sessions: [{}, { label: "claude:2", unread: MESSAGES }] });
  expect((await counts()).events).toBe(0);
  expect(await page.evaluate("changes")).toBe(0);

  // Shown again, it shows what is.
  const window = await desktop.electron.browserWindow(page);
  await window.evaluate((one) => one.show());
  await page
    .getByText(`message ${MESSAGES - 1}`)
    .first()
    .waitFor(WAIT);
  await expect
    .poll(() => page.getByTestId("unread-planner-claude:2").textContent(), WAIT)
    .toBe(`${MESSAGES}`);

  // Changes that the tray does not show leave its menu alone, open as it may be. In a burst it follows
  // a moment later than the daemon tells.
  await expect.poll(async () => (await counts()).labels, WAIT).toContain(`(${MESSAGES})`);
  const calm = await counts();
  const draft = {
    ...{ id: `msg-${"0".repeat(18)}`, agentId: planner, fromSession: null, to: "" },
    ...{ toSession: null, role: "user" as const, answers: null },
  };
  for (let n = 0; n < 5; n++) {
    await desktop.call("draft.save", { ...draft, text: `draft ${n}` });
    await page.getByTestId("nav-drafts").waitFor();
  }
  await expect.poll(async () => (await counts()).events, WAIT).toBeGreaterThan(calm.events);
  expect((await counts()).menus).toBe(calm.menus);
});
