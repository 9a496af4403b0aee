import { join } from "node:path";
import type { Locator, Page } from "playwright";
import { expect, test } from "vitest";
import { messagingAddressOf, publicKeyOf } from "../../shared/model/address.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { SdkPeer } from "../fakes/sdk-peer.ts";
import { HOSTILE_TEXTS } from "../fixtures/hostile-texts.ts";
import { startDesktop } from "../support/desktop.ts";
import { startBridge } from "../support/processes.ts";

const WAIT = { timeout: 60_000, interval: 50 };
type Size = readonly [number, number];
const COMPOSER = [
  [640, 600],
  [480, 460],
] as const;

test("U2 Z4 every view, with what strangers write in it: looked at, read aloud, and walked by keyboard", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  const planner = await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const hostileFolder = "/projects/<b>shop</b>\u202etxt.exe";
  const asking = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "planner",
    CLAUDE_PROJECT_DIR: hostileFolder,
  });
  const answering = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "reviewer" });
  await asking.call("whoami");
  await answering.call("whoami");

  // A stranger whose program knows only the older cipher, and writes whatever it likes.
  const { host } = (await desktop.call("host.snapshot", {})) as HostSnapshot;
  const stranger = new SdkPeer({
    url: host.relay,
    file: join(home, "stranger.json"),
    now: Date.now,
    pings: false,
  });
  await stranger.publish();
  await stranger.requestContact(planner);
  await stranger.requestContact(reviewer);
  await page.getByTestId("nav-contacts").click();
  await page.getByTestId(`contact-${stranger.cryptoId}`).waitFor(WAIT);
  await desktop.call("contact.accept", { agentId: planner, requester: stranger.cryptoId });
  const write = (text: string, to_session: string) =>
    stranger.send(
      messagingAddressOf(publicKeyOf(planner) as Uint8Array),
      JSON.stringify({
        envelope_version: "tinyplace.harness.session.v1",
        version: 1,
        message: {
          id: `msg-${crypto.randomUUID().replaceAll("-", "").slice(0, 18)}`,
          role: "agent",
          text,
        },
        tp: { v: 1, from_session: "claude:1", to_session },
      }),
    );
  for (const text of Object.values(HOSTILE_TEXTS)) {
    await write(text, "claude:1");
    await write(text, "claude:9");
  }
  const texts = Object.keys(HOSTILE_TEXTS).length;
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe(`${texts}`);
  const answer = "Fine, thank you; and <i>you</i>?";
  await asking.call("send", { to: stranger.cryptoId, body: answer });
  await asking.call("send", { to: reviewer, to_session: "claude:1", body: answer });
  await expect
    .poll(() => page.getByTestId("unread-reviewer-claude:1").textContent(), WAIT)
    .toBe("1");

  const view = async (name: string) => {
    await desktop.inspect(`look-${name}`);
    await harmless(page);
    await reachedByTab(page);
  };
  await page.getByTestId("session-planner-claude:1").click();
  await page.getByText(HOSTILE_TEXTS.markup).first().waitFor();
  await view("session");
  await page
    .getByTestId(/^conversation-(?!all|header)/)
    .first()
    .click();
  await page.getByTestId("conversation-header").waitFor();
  const stranged = page.getByRole("list", { name: "Conversations" }).getByLabel("Less protected");
  await stranged.first().click();
  await page.getByTestId("less-protected").waitFor();
  await view("less-protected");
  await page.getByTestId("agent-planner").click();
  await view("agent");
  await page.getByTestId("agent-reviewer").click();
  await view("agent-request");
  await page.getByTestId("nav-unrouted").click();
  for (const text of ["terminal", "bidi", "markup"] as const) {
    await page.locator("[data-hold]").nth(Object.keys(HOSTILE_TEXTS).indexOf(text)).click();
  }
  await view("unrouted");
  await page.keyboard.press("e");
  await page.getByTestId("undo").waitFor();
  await page.getByTestId("show-discarded").click();
  await page.getByText(HOSTILE_TEXTS.markup).first().waitFor();
  await view("discarded");
  await page.getByRole("button", { name: "Take back" }).click();
  await page.getByText("Nothing discarded").waitFor();
  await page.getByTestId("nav-contacts").click();
  await page.getByTestId("safety-number").waitFor();
  await view("contacts");
  await page.getByTestId("nav-search").click();
  await page.getByTestId("search-words").fill("globalthis");
  await expect.poll(() => page.locator("[data-found]").count(), WAIT).toBe(4);
  await view("search");
  await page.getByTestId("nav-activity").click();
  await page.locator("[data-kind]").first().waitFor();
  await view("activity");
  await page.getByTestId("nav-settings").click();
  await page.getByTestId("policy-planner").waitFor();
  await view("settings");
  await page.getByTestId("new-agent").click();
  await page.getByTestId("agent-name-input").waitFor();
  await view("new-agent");

  // The composer quotes what it answers.
  await page.getByTestId("nav-unrouted").click();
  await page.locator("[data-hold]").first().click();
  const composer = await desktop.opened(() => page.keyboard.press("r"));
  await composer.getByTestId("text").fill(HOSTILE_TEXTS.markup);
  await expect.poll(() => composer.getByTestId("foresight").textContent(), WAIT).not.toBe("");
  await desktop.inspect("look-composer", composer, COMPOSER);
  await harmless(composer);
  await reachedByTab(composer);
  await page.getByTestId("nav-drafts").click();
  await page.getByText("<script>").first().waitFor();
  await view("drafts");
  await composer.getByTestId("send").click();
  await composer.getByTestId("sent").waitFor();
  await desktop.inspect("look-sent", composer, COMPOSER);
  await harmless(composer);
  await reachedByTab(composer);

  // Nothing moves for those who asked for that.
  for (const one of [page, composer]) {
    await one.emulateMedia({ reducedMotion: "reduce" });
    await one.reload();
    await one.locator("main").first().waitFor();
    expect(await one.evaluate("document.getAnimations().length")).toBe(0);
  }
});

test("U4 zoomed, nothing is out of reach: 150 % at the smallest size, 200 % at the default one", async () => {
  const desktop = await startDesktop();
  const { page, home } = desktop;
  const zoomed = async (shown: Page, usual: Size, smallest: Size) => {
    for (const [size, zoom] of [[usual, 2] as const, [smallest, 1.5] as const]) {
      await desktop.resize(shown, size, zoom);
      expect.soft(await outOfReach(shown), `${size} at ${zoom}`).toEqual([]);
    }
    await desktop.resize(shown, usual, 1);
  };
  const inMain = () => zoomed(page, [1100, 720], [760, 520]);
  await inMain();
  await desktop.createAgent("planner");
  const reviewer = await desktop.createAgent("reviewer");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  await asking.call("whoami");
  for (const to_session of ["claude:7", "claude:8"]) {
    await asking.call("send", { to: reviewer, to_session, body: "May I merge?" });
  }
  await page.getByTestId("session-planner-claude:1").click();
  await page.getByTestId("session-ways").waitFor();
  await inMain();
  await page.getByTestId("nav-unrouted").click();
  await page.locator("[data-hold][aria-current]").waitFor();
  await inMain();
  await page.getByTestId("nav-contacts").click();
  await page.getByTestId("safety-number").waitFor();
  await inMain();
  await page.getByTestId("nav-search").click();
  await page.getByTestId("search-words").fill("merge");
  await page.locator("[data-found][aria-current]").waitFor();
  await inMain();
  await page.getByTestId("nav-unrouted").click();
  const composer = await desktop.opened(() => page.keyboard.press("r"));
  await composer.getByTestId("send").waitFor();
  await zoomed(composer, COMPOSER[0], COMPOSER[1]);
});

test("S7 at the smallest size a session still shows its project in full", async () => {
  const { page, home, ...desktop } = await startDesktop();
  await desktop.createAgent("planner");
  const session = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "planner",
    CLAUDE_PROJECT_DIR: "/home/ada/projects/customers/backend/settlement",
  });
  await session.call("whoami");
  await page.getByTestId("session-planner-claude:1").click();
  await desktop.resize(page, [760, 520], 1);
  const project = page
    .locator("header", { hasText: "planner" })
    .getByText("settlement", { exact: true });
  await project.waitFor();
  const cut = (node: unknown) => {
    const { scrollWidth, clientWidth } = node as { scrollWidth: number; clientWidth: number };
    return scrollWidth - clientWidth;
  };
  expect(await project.evaluate(cut)).toBe(0);
});

test("U4 lists are walked with the arrow keys, and are one stop of the Tab key", async () => {
  const { page, home, createAgent } = await startDesktop();
  await createAgent("planner");
  const reviewer = await createAgent("reviewer");
  await createAgent("tester");
  const asking = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "planner" });
  const answering = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "reviewer" });
  for (const bridge of [asking, answering]) await bridge.call("whoami");
  for (const to_session of ["claude:1", "claude:7", "claude:8"]) {
    await asking.call("send", { to: reviewer, to_session, body: "May I merge?" });
  }
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("2");
  const walked = async (rows: Locator) => {
    await rows.nth(1).waitFor();
    await rows.first().focus();
    await page.keyboard.press("ArrowDown");
    const focused = (node: unknown) =>
      node === (globalThis as { document?: { activeElement: unknown } }).document?.activeElement;
    expect(await rows.nth(1).evaluate(focused)).toBe(true);
  };
  await page.getByTestId("nav-contacts").click();
  const contacts = page.getByRole("list", { name: "Contacts" }).getByRole("button");
  await walked(contacts);
  expect(await contacts.nth(1).getAttribute("aria-current")).toBe("true");

  await page.getByTestId("session-reviewer-claude:1").click();
  const conversations = page.getByRole("list", { name: "Conversations" }).getByRole("button");
  await walked(conversations);
  expect(await conversations.nth(1).getAttribute("tabindex")).toBe("-1");

  await page.getByTestId("nav-unrouted").click();
  await page.locator("[data-hold][aria-current]").waitFor();
  for (const left of ["1", "0"]) {
    await page.keyboard.press("e");
    await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe(left);
  }
  await page.getByTestId("show-discarded").click();
  await walked(page.getByRole("button", { name: "Take back" }));
});

/** What cannot be scrolled into sight, or is cut off at a side, or lies under something else. */
function outOfReach(page: Page): Promise<string[]> {
  return page.evaluate(`
    [...document.querySelectorAll("button, select, input, textarea, h1, section .foreign-text")]
      .filter((node) => node.checkVisibility() && !node.matches(".sr-only, [role=log] *"))
      .filter((node) => {
        node.scrollIntoView({ block: "nearest" });
        const { left, right, top, height } = node.getBoundingClientRect();
        const seen = document.elementFromPoint((left + right) / 2, top + Math.min(height, 20) / 2);
        return left < 0 || right > innerWidth || !node.contains(seen);
      })
      .map((node) => node.outerHTML.slice(0, 200))
  `) as Promise<string[]>;
}

/** Nothing of what was written ran, became markup, or is wider than its window. */
async function harmless(page: Page): Promise<void> {
  expect.soft(await page.evaluate("globalThis.owned")).toBeUndefined();
  expect
    .soft(
      await page.evaluate(
        "document.querySelectorAll('main img, main script, main b, main i').length",
      ),
    )
    .toBe(0);
  expect
    .soft(
      await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      ),
    )
    .toBe(0);
  expect.soft(await page.title()).not.toContain("title\u0007");
}

/** Every control that can be seen is reached with the Tab key, and shows that it is. */
async function reachedByTab(page: Page): Promise<void> {
  const missed = (await page.evaluate(`(() => {
    const shown = (node) => node.checkVisibility({ checkOpacity: true }) && !node.closest("[inert]");
    globalThis.unreached = new Set(
      [...document.querySelectorAll("button, a[href], input, select, textarea, summary, [tabindex]")]
        .filter((node) => shown(node) && !node.disabled && node.tabIndex >= 0),
    );
    document.activeElement?.blur();
    return globalThis.unreached.size;
  })()`)) as number;
  for (let step = 0; step < missed + 3; step++) {
    await page.keyboard.press("Tab");
    const left = await page.evaluate(`(() => {
      const node = document.activeElement;
      const { outlineStyle, borderColor } = getComputedStyle(node);
      const marked = outlineStyle !== "none" || node.id === "search-words";
      if (marked) globalThis.unreached.delete(node);
      // What goes by itself, as a toast does, need not wait until it is reached.
      for (const one of globalThis.unreached) if (!one.isConnected) globalThis.unreached.delete(one);
      return globalThis.unreached.size;
    })()`);
    if (left === 0) return;
  }
  expect
    .soft(
      await page.evaluate("[...globalThis.unreached].map((node) => node.outerHTML.slice(0, 200))"),
    )
    .toEqual([]);
}
