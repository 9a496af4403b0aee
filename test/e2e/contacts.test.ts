import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { systemClock } from "../../electron/platform/clock.ts";
import { safetyNumber } from "../../electron/ratchet/safety-number.ts";
import { safetyWords } from "../../electron/ratchet/safety-words.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { startDesktop } from "../support/desktop.ts";
import { startRelay } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const WAIT = { timeout: 60_000, interval: 50 };

test("U2 C2 R5 a contact is accepted, verified, given a rule, blocked; a changed handle is an alarm", async () => {
  const desktop = await startDesktop();
  const { page } = desktop;
  const planner = await desktop.createAgent("planner");
  const { host } = (await desktop.call("host.snapshot", {})) as HostSnapshot;
  const person = () => {
    const identity = drawIdentity("stranger");
    const relay = new HttpRelayTransport(host.relay, createSigner(identity.seed), systemClock);
    onTestFinished(() => relay.close());
    return { id: identity.cryptoId, relay };
  };
  const [friend, other] = [person(), person()];
  await page.getByTestId("nav-contacts").click();
  await page.getByText("No contacts yet").waitFor();
  await desktop.show("contacts-empty");

  await friend.relay.requestContact(planner);
  await page.getByTestId(`contact-${friend.id}`).waitFor(WAIT);
  await page.getByTestId(`accept-${friend.id}`).click();
  await page.getByText("Write", { exact: true }).waitFor();

  // The same number on both sides.
  const theirs = safetyNumber(friend.id, planner).groups.join("");
  await expect.poll(() => page.getByTestId("safety-number").textContent(), WAIT).toBe(theirs);
  await page.getByText("The same as words").click();
  await expect
    .poll(() => page.getByTestId("safety-words").locator("span").allTextContents(), WAIT)
    .toEqual(safetyWords(safetyNumber(friend.id, planner).groups));
  await page.getByTestId("verify").click();
  await page.getByTestId("verified").waitFor();
  await page.getByTestId("quiet-all").click();
  await page.getByLabel("Quiet from").waitFor();
  await desktop.show("contacts");
  await page.getByTestId("rule-all").selectOption("ask");
  const rules = async () =>
    ((await desktop.call("contacts.list", { agentId: planner })) as { rules: unknown[] }).rules;
  await expect
    .poll(rules, WAIT)
    .toMatchObject([{ peer: friend.id, label: "", action: "ask", quietFrom: 1320 }]);

  // A handle that was met before comes to mean somebody else.
  await friend.relay.claimHandle("@friend");
  await page.getByTestId("add-contact").fill("@friend");
  await page.getByTestId("add-contact").press("Enter");
  await expect.poll(() => page.getByTestId("add-contact").inputValue(), WAIT).toBe("");
  await friend.relay.releaseHandle("@friend");
  await other.relay.claimHandle("@friend");
  await page.getByTestId("add-contact").fill("@friend");
  await page.getByTestId("add-contact").press("Enter");
  await page.getByTestId("alarm-@friend").waitFor();
  await desktop.show("contacts-alarm");
  await page.getByTestId("keep-before").click();
  await page.getByTestId("alarm-@friend").waitFor({ state: "detached" });

  // Blocked: it stays in the list, where the block is ended.
  await page.getByTestId(`contact-${friend.id}`).click();
  await page.getByTestId("block-contact").click();
  await expect.poll(() => friend.relay.contactStatus(planner), WAIT).toBe("blocked");
  await page.getByTestId(`contact-${friend.id}`).click();
  await page.getByTestId("unblock-contact").waitFor();
  await desktop.show("contacts-blocked");
  await page.getByTestId("unblock-contact").click();
  await expect.poll(() => friend.relay.contactStatus(planner), WAIT).toBe("none");
});

test("C1 D7 contacts stay in sight while the relay is away, and over a start without it", async () => {
  const relay = await startRelay(join(temporaryHome(), "relay.db"));
  const env = { TINYPLACE_API_URL: relay.ready.url };
  const first = await startDesktop({ env });
  await first.createAgent("planner");
  const reviewer = await first.createAgent("reviewer");
  await first.page.getByTestId("nav-contacts").click();
  await first.page.getByTestId("contacts-of").selectOption({ label: "planner" });
  await first.page.getByTestId(`contact-${reviewer}`).waitFor(WAIT);
  await first.close();
  await relay.stop();

  const { page, show } = await startDesktop({ home: first.home, env });
  await page.getByTestId("nav-contacts").click();
  await page.getByTestId("contacts-of").selectOption({ label: "planner" });
  await page.getByTestId(`contact-${reviewer}`).waitFor(WAIT);
  await page.getByTestId("safety-number").waitFor();
  await page.getByText(`The relay ${relay.ready.url} does not answer.`).waitFor();
  await show("contacts-offline");
  await page.getByTestId("agent-planner").click();
  await page.getByText("The relay is offline.").waitFor(WAIT);
  await page.getByText(`The relay ${relay.ready.url} does not answer.`).waitFor();
  await show("agent-offline");
});
