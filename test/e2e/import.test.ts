import { join } from "node:path";
import { expect, test } from "vitest";
import { EarlierPlugin } from "../fakes/earlier-plugin.ts";
import { SdkPeer } from "../fakes/sdk-peer.ts";
import { startDesktop } from "../support/desktop.ts";
import { startRelay } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

test("Z1 the earlier plugin's data is taken over from the first page, and said", async () => {
  const relay = await startRelay(join(temporaryHome(), "relay.db"));
  const { url } = relay.ready;
  const folder = join(temporaryHome(), "plugin");
  const plugin = new EarlierPlugin(folder);
  const peers = [];
  for (const name of ["planner", "reviewer"]) {
    const file = join(temporaryHome(), "state.json");
    const peer = new SdkPeer({ url, file, now: () => Date.now(), pings: false });
    await peer.publish();
    plugin.wallet(name, peer);
    peers.push(peer);
  }
  const [planner, reviewer] = peers as [SdkPeer, SdkPeer];
  plugin.entry({ name: "broken", address: planner.cryptoId, secretKey: "gone" });
  plugin.received(planner, "claude:1", { id: "msg-1", from: reviewer.address, text: "hello" });
  plugin.unsent(planner, { id: "msg-2", to: reviewer.cryptoId, text: "?" }, ".sending-1-msg-2");
  const before = plugin.fingerprint();
  const env = { TINYPLACE_CLAUDE_HOME: folder, TINYPLACE_API_URL: url };
  const { page, show } = await startDesktop({ env });

  await page.getByTestId("open-import").click();
  await page.getByTestId("import-planner").getByText("Will be taken").waitFor();
  expect(await page.getByTestId("import-planner").textContent()).toContain("1 message in inboxes");
  expect(await page.getByTestId("import-broken").textContent()).toContain("damaged");
  await show("import-found");
  await page.getByTestId("import-take").click();
  await page.getByTestId("import-reviewer").getByText("Taken").waitFor();
  await page.getByTestId("agent-planner").waitFor();
  await page.getByTestId("agent-reviewer").waitFor();
  await show("import-taken");
  expect(plugin.fingerprint()).toBe(before);

  await page.getByTestId("nav-settings").click();
  await page.getByTestId("open-import").click();
  await page.getByText("There is nothing left to take.").waitFor();
  expect(await page.getByTestId("import-planner").textContent()).toContain("Is here already");
});
