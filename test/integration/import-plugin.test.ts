import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Host } from "../../electron/daemon/host.ts";
import { importPlugin } from "../../electron/daemon/import/import-plugin.ts";
import { startRelay } from "../../electron/relay/server/server.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { holds } from "../../electron/vault/hold-table.ts";
import { labelOf } from "../../electron/vault/label-table.ts";
import type { ImportReport } from "../../shared/model/import-report.ts";
import { EarlierPlugin } from "../fakes/earlier-plugin.ts";
import { SdkPeer } from "../fakes/sdk-peer.ts";
import { liveSession, send, startHost, unread, until } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** Rules S5 and Z1: the earlier plugin's data, read and never changed. */
class World {
  readonly folder = temporaryHome();
  readonly plugin = new EarlierPlugin(join(this.folder, "plugin"));
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(): Promise<World> {
    const store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
    const relay = await startRelay({ store, port: 0 });
    onTestFinished(async () => {
      await relay.close();
      await store.close();
    });
    return new World(relay.url);
  }

  async peer(name: string): Promise<SdkPeer> {
    const file = join(this.folder, `${name}.json`);
    const peer = new SdkPeer({ url: this.url, file, now: () => Date.now(), pings: false });
    await peer.publish();
    return peer;
  }

  host(): Promise<Host> {
    return startHost(temporaryHome(), { relayUrl: this.url });
  }

  import(host: Host, dryRun = false): Promise<ImportReport> {
    return importPlugin(host, { from: this.plugin.folder, dryRun });
  }
}

async function befriend(a: SdkPeer, b: SdkPeer): Promise<void> {
  await a.requestContact(b.cryptoId);
  await b.acceptContact(a.cryptoId);
}

const EARLIER = "2026-02-03T04:05:05.000Z";
const newId = () => `msg-${randomBytes(8).toString("hex")}`;
const textsOf = (peer: SdkPeer) => peer.messages().map((one) => one.text);

describe("S5 Z1 import of the earlier plugin's data", () => {
  test("E3 conversations that run go on, with what was skipped and what was on its way", async () => {
    const world = await World.start();
    const [old, friend, stranger] = [
      await world.peer("old"),
      await world.peer("friend"),
      await world.peer("stranger"),
    ];
    await befriend(old, friend);
    await befriend(old, stranger);
    for (let round = 0; round < 3; round++) {
      await old.write(friend.address, `question ${round}`);
      await friend.poll();
      await friend.write(old.address, `answer ${round}`);
      await old.poll();
    }
    // One that the old installation skipped, one still in its mailbox, and a first message under
    // the pre-keys that it published.
    await friend.write(old.address, "skipped");
    await friend.write(old.address, "in order");
    let pages = 0;
    const ends = old.poll((page) => {
      if (pages++ > 0) throw new Error("it ends here");
      return page.slice(1);
    });
    await expect(ends).rejects.toThrow("it ends here");
    await friend.write(old.address, "in the mailbox");
    await stranger.write(old.address, "a stranger's first");
    world.plugin.wallet("planner", old);
    const before = world.plugin.fingerprint();

    const host = await world.host();
    const report = await world.import(host);
    expect(report.agents).toMatchObject([
      { wallet: "planner", name: "planner", outcome: "taken", conversations: 1, left: [] },
    ]);
    const agent = host.agents.named("planner");
    expect(agent.identity.cryptoId).toBe(old.cryptoId);
    const session = await liveSession(agent, "claude:1");
    await until(host, () => unread(agent, "claude:1").length >= 3);
    expect(unread(agent, "claude:1").sort()).toEqual([
      "a stranger's first",
      "in the mailbox",
      "skipped",
    ]);

    for (let round = 0; round < 3; round++) {
      const id = await send(agent, session, friend.cryptoId, `ours ${round}`);
      await until(host, () => agent.sent(id).state === "relayed");
      await friend.poll();
      await friend.write(old.address, `theirs ${round}`);
      await until(host, () => unread(agent, "claude:1").includes(`theirs ${round}`));
    }
    expect(textsOf(friend)).toEqual([
      ...[0, 1, 2].map((round) => `question ${round}`),
      ...[0, 1, 2].map((round) => `ours ${round}`),
    ]);
    expect(friend.dropped).toEqual([]);
    expect(world.plugin.fingerprint()).toBe(before);
  });

  test("mail that waited: in inboxes, held, unsent; labels and assignments come along", async () => {
    const world = await World.start();
    const [old, friend] = [await world.peer("old"), await world.peer("friend")];
    await befriend(old, friend);
    const { plugin } = world;
    plugin.wallet("planner", old);
    const from = friend.address;
    const ids = Array.from({ length: 6 }, newId) as [string, ...string[]];
    plugin.received(old, "claude:2", { id: ids[0], from, text: "for two", ts: EARLIER });
    // In two inboxes, and in the answerer's queue: one message.
    plugin.received(old, "claude:2", { id: ids[1] as string, from, text: "for both" });
    plugin.received(old, "claude:3", { id: ids[1] as string, from, text: "for both" });
    plugin.write(`queue/${old.cryptoId}/${ids[1]}.json`, { id: ids[1], from, text: "for both" });
    plugin.received(old, null, {
      id: ids[2] as string,
      from,
      text: "waits",
      toSession: "claude:9",
    });
    plugin.write(`queue/${old.cryptoId}/${ids[3]}.json`, {
      id: ids[3],
      from,
      text: "answer me",
      ts: new Date().toISOString(),
    });
    plugin.unsent(old, { id: ids[4] as string, to: friend.cryptoId, text: "not sent yet" });
    plugin.unsent(
      old,
      { id: ids[5] as string, to: from, text: "on its way?" },
      `.sending-7-${ids[5]}`,
    );
    plugin.write(`sessions/${old.cryptoId}/claude%3A2.json`, {
      label: "claude:2",
      harnessSessionId: "harness-2",
      pid: process.pid,
      updatedAt: "2026-01-01T00:00:00.000Z",
    });
    plugin.write("assignments.json", {
      "session:harness-2": "planner",
      "project:/work": "planner",
      global: "gone",
    });
    const host = await world.host();
    const dry = await world.import(host, true);
    expect(host.agents.list()).toEqual([]);
    const report = await world.import(host);
    expect(report.agents[0]).toMatchObject({ delivered: 2, held: 2, unsent: 1 });
    expect(report.agents[0]?.left).toMatchObject([
      { why: expect.stringMatching(/may have arrived/) },
    ]);
    expect(report.assignments).toBe(2);
    expect(report.left).toMatchObject([{ why: expect.stringMatching(/gone/) }]);
    expect({ ...dry, dryRun: false }).toEqual(report);

    const agent = host.agents.named("planner");
    expect(unread(agent, "claude:2")).toEqual(["for two", "for both"]);
    expect(unread(agent, "claude:3")).toEqual(["for both"]);
    expect(holds(agent.vault)).toMatchObject([
      { text: "waits", hold_to: "claude:9", offered_at: null },
      { text: "answer me", hold_to: null, offered_at: expect.any(Number) },
    ]);
    expect(labelOf(agent.vault, "harness-2")).toBe("claude:2");
    expect(host.assignments.find({ harnessSessionId: "harness-2", project: null })?.agent).toBe(
      old.cryptoId,
    );
    await until(host, () => agent.sent(ids[4] as string).state === "relayed");
    await friend.poll();
    expect(textsOf(friend)).toEqual(["not sent yet"]);

    const again = await world.import(host);
    expect(again.agents).toMatchObject([
      { outcome: "known", delivered: 0, held: 0, unsent: 0, conversations: 0 },
    ]);
    expect(again.assignments).toBe(0);
    expect(unread(agent, "claude:2")).toHaveLength(2);
    // What came to the plugin after that is added, and the ratchets stay ours.
    plugin.received(old, "claude:2", { id: newId(), from, text: "later" });
    expect((await world.import(host)).agents).toMatchObject([{ outcome: "known", delivered: 1 }]);
    expect(unread(agent, "claude:2")).toEqual(["for two", "for both", "later"]);
  });

  test("a damaged file costs only itself, and is named", async () => {
    const world = await World.start();
    const [old, friend, other] = [
      await world.peer("old"),
      await world.peer("friend"),
      await world.peer("other"),
    ];
    const { plugin } = world;
    plugin.entry({ name: "broken", address: old.cryptoId, secretKey: "no key" });
    plugin.entry({ name: "swapped", address: friend.cryptoId, secretKey: "ab".repeat(32) });
    plugin.wallet("no state", old);
    plugin.wallet("half/state", other);
    plugin.write(
      plugin.statePath(old),
      '{"version":1,"signedPreKeys":{"spk_1":{"keyId":"secret-te',
    );

    plugin.write(plugin.statePath(other), {
      version: 1,

      sessions: { [friend.address]: { rootKey: "short" }, nobody: {} },
    });
    const from = friend.address;
    plugin.received(old, "claude:1", { id: newId(), from, text: "whole" });
    plugin.write(`sessions/${old.cryptoId}/claude%3A1/inbox/half.json`, '{"id":"msg-1","from":"');
    plugin.received(old, "claude:1", { id: newId(), from: "nobody", text: "from nobody" });
    plugin.received(old, "claude:1", { id: newId(), from, text: "x".repeat(300_000) });
    plugin.write("assignments.json", "[");
    const before = plugin.fingerprint();

    const host = await world.host();
    const report = await world.import(host);
    expect(plugin.fingerprint()).toBe(before);
    expect(report.agents).toMatchObject([
      { wallet: "broken", outcome: "left", problem: expect.stringMatching(/damaged/) },
      { wallet: "swapped", outcome: "left", problem: expect.stringMatching(/address/) },
      { wallet: "no state", outcome: "taken", conversations: 0, delivered: 1 },
      { wallet: "half/state", name: "half-state", outcome: "taken", conversations: 0 },
    ]);
    const left = report.agents.flatMap((one) =>
      one.left.map((file) => `${file.path}: ${file.why}`),
    );
    expect(left).toHaveLength(6);
    expect(left.filter((one) => one.includes("half.json"))).toHaveLength(1);
    expect(left.filter((one) => one.startsWith("signal/"))).toHaveLength(3);
    expect(report.left).toEqual([{ path: "assignments.json", why: "it is damaged" }]);
    expect(unread(host.agents.named("no state"), "claude:1")).toEqual(["whole"]);
    // Words about a damaged file quote nothing of it.
    expect(JSON.stringify(report)).not.toContain("secret-te");
    expect(JSON.stringify(report)).not.toContain("ab".repeat(16));
  });

  test("nothing is imported while the plugin runs", async () => {
    const world = await World.start();
    const old = await world.peer("old");
    const { plugin } = world;
    plugin.wallet("planner", old);
    const host = await world.host();
    const lock = `daemon/${old.cryptoId}.lock`;
    const alive = { pid: process.pid, wallet: "planner", updatedAt: new Date().toISOString() };
    plugin.write(lock, alive);
    await expect(world.import(host)).rejects.toMatchObject({
      code: "plugin_running",
      message: expect.stringContaining(`planner (process ${process.pid})`),
    });
    expect((await world.import(host, true)).running).toEqual([
      { wallet: "planner", pid: process.pid },
    ]);
    plugin.write(lock, { ...alive, updatedAt: new Date(Date.now() - 60_000).toISOString() });
    const session = `sessions/${old.cryptoId}/claude%3A1.json`;
    plugin.write(session, { label: "claude:1", harnessSessionId: "", ...alive });
    await expect(world.import(host)).rejects.toMatchObject({ code: "plugin_running" });
    expect(host.agents.list()).toEqual([]);
    plugin.write(session, { label: "claude:1", ...alive, pid: 2 ** 22 + 1 });
    expect((await world.import(host)).agents).toMatchObject([{ outcome: "taken" }]);
  });

  test("a wallet's name that is taken here gets a number; a folder without wallets is refused", async () => {
    const world = await World.start();
    const host = await world.host();
    await host.agents.create("planner");
    await expect(world.import(host)).rejects.toMatchObject({ code: "bad_request" });
    world.plugin.wallet("planner", await world.peer("old"));
    world.plugin.write("wallets.json.bak", "");
    const report = await world.import(host);
    expect(report.agents).toMatchObject([
      { wallet: "planner", name: "planner-2", notes: [expect.stringMatching(/planner-2/)] },
    ]);
    expect(host.agents.list().map((one) => one.identity.name)).toEqual(["planner", "planner-2"]);
  });
});
