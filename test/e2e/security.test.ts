import { join } from "node:path";
import { expect, test } from "vitest";
import { HOSTILE_TEXTS } from "../fixtures/hostile-texts.ts";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";

const WAIT = { timeout: 60_000, interval: 50 };
/** What a page sees of the world; Playwright's types know no DOM here. */
type PageGlobal = Record<string, unknown> & { [name: string]: never };

test("Z3 every window is sandboxed, isolated, without Node, and under a strict policy", async () => {
  const desktop = await startDesktop();
  await desktop.createAgent("planner");
  const composer = await desktop.opened(() => desktop.page.getByTestId("compose").click());
  const preferences = await desktop.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => {
      const contents = window.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag } =
        contents.getLastWebPreferences();
      return {
        sandbox,
        contextIsolation,
        nodeIntegration,
        webSecurity,
        webviewTag: webviewTag === true,
      };
    }),
  );
  expect(preferences).toHaveLength(2);
  for (const one of preferences) {
    expect(one).toEqual({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
  }
  for (const page of [desktop.page, composer]) {
    const policy = await page
      .locator("meta[http-equiv=Content-Security-Policy]")
      .getAttribute("content");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const world = await page.evaluate(() => {
      const names = ["require", "process", "module", "Buffer", "ipcRenderer", "electron"];
      const globals = globalThis as unknown as Record<string, unknown>;
      return {
        node: names.filter((name) => globals[name] !== undefined),
        bridge: Object.keys(globals.tinyplace as object).sort(),
      };
    });
    expect(world).toEqual({ node: [], bridge: ["call", "on"] });
    // Scripts and styles that a page would add to itself do not run, and nothing is fetched.
    const ran = await page.evaluate(async () => {
      const globals = globalThis as unknown as { document: never; ran?: boolean } & PageGlobal;
      const { document } = globals as unknown as {
        document: {
          createElement(name: string): { textContent: string };
          body: { append(node: unknown): void };
        };
      };
      const script = document.createElement("script");
      script.textContent = "globalThis.ran = true";
      document.body.append(script);
      const fetched = await fetch("http://127.0.0.1:1/").then(
        () => "answered",
        (error: Error) => error.name,
      );
      return { ran: (globals as { ran?: boolean }).ran === true, fetched };
    });
    expect(ran).toEqual({ ran: false, fetched: "TypeError" });
  }
});

test("Z3 navigation, new windows and permissions are refused", async () => {
  const desktop = await startDesktop();
  const { page } = desktop;
  const before = page.url();
  expect(await page.evaluate(() => window.open("https://example.org"))).toBeNull();
  await page.evaluate(() => {
    const { location } = globalThis as unknown as { location: { href: string } };
    location.href = "https://example.org/";
  });
  const granted = await page.evaluate(async () => {
    const { navigator } = globalThis as unknown as {
      navigator: { permissions: { query(what: object): Promise<{ state: string }> } };
    };
    const ask = (name: string) => navigator.permissions.query({ name }).then((one) => one.state);
    return Promise.all(["geolocation", "notifications", "camera"].map(ask));
  });
  expect(granted).not.toContain("granted");
  expect(page.url()).toBe(before);
  expect(desktop.electron.windows()).toHaveLength(1);
});

test("Z3 a call is answered only with the right name, the right shape, and from our own page", async () => {
  const desktop = await startDesktop();
  const ask = (name: unknown, request: unknown) =>
    desktop.page.evaluate(
      ([n, r]) =>
        (
          globalThis as unknown as { tinyplace: { call(n: unknown, r: unknown): Promise<unknown> } }
        ).tinyplace.call(n, r),
      [name, request] as const,
    );
  const refused = { ok: false, error: { code: "bad_request" } };
  for (const name of ["constructor", "__proto__", "nothing", 7, null, ""]) {
    expect(await ask(name, {})).toMatchObject(refused);
  }
  for (const request of [null, [], "x", { name: "" }, { name: "a", more: 1 }, { name: 1 }]) {
    expect(await ask("agent.create", request)).toMatchObject(refused);
  }
  expect(await ask("hold.assign", { agentId: "x", seq: -1, label: "a" })).toMatchObject(refused);

  // A page of another address with the very same preload is no page of ours.
  const preload = join(process.env.TINYPLACE_TEST_APP ?? "", "preload", "preload.cjs");
  const foreign = await desktop.electron.evaluate(async ({ BrowserWindow }, path) => {
    const window = new BrowserWindow({
      show: false,
      webPreferences: { preload: path, sandbox: true, contextIsolation: true },
    });
    await window.loadURL("data:text/html,<title>foreign</title>");
    const answer = await window.webContents.executeJavaScript(
      'tinyplace.call("host.snapshot", {})',
    );
    window.destroy();
    return answer as unknown;
  }, preload);
  expect(foreign).toMatchObject(refused);
});

test("Z3 Z4 what strangers write is shown as text, whatever it is", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  for (const body of Object.values(HOSTILE_TEXTS)) {
    expect(await asking.call("send", { to: reviewer, to_session: "claude:9", body })).toMatchObject(
      {
        sent: { via: "relay" },
      },
    );
  }
  const count = Object.keys(HOSTILE_TEXTS).length;
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe(`${count}`);
  await page.getByTestId("nav-unrouted").click();
  const rows = page.locator("[data-hold]");
  await expect.poll(() => rows.count(), WAIT).toBe(count);
  const text = page.locator(".foreign-text");
  for (const [index, body] of Object.values(HOSTILE_TEXTS).entries()) {
    await rows.nth(index).click();
    const start = body.slice(0, 1000);
    await expect.poll(async () => (await text.first().textContent()) ?? "", WAIT).toContain(start);
    expect(await text.first().locator("*").count()).toBe(0);
    // Turned text stays within its own paragraph: as `isolate`, and each line break ends one.
    expect(await text.first().evaluate((node) => getComputedStyle(node).unicodeBidi)).toBe(
      "plaintext",
    );
    if (index === 0) await desktop.show("hostile");
  }
  const width = await page.evaluate(() => {
    const { document } = globalThis as unknown as {
      document: { documentElement: { scrollWidth: number; clientWidth: number } };
    };
    return document.documentElement.scrollWidth - document.documentElement.clientWidth;
  });
  expect(width).toBe(0);
  expect(await page.evaluate(() => (globalThis as { owned?: number }).owned)).toBeUndefined();
});
