import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import type { Agent } from "../../electron/daemon/agent.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { relayUrlOf } from "../../shared/model/relay-choice.ts";
import { NetworkRelay } from "../fakes/network-relay.ts";
import { liveSession, send, startHost, unread, until } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

async function relay(): Promise<RelayServer> {
  const store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
  const server = await startRelay({ store, port: 0 });
  onTestFinished(async () => {
    await server.close();
    await store.close();
  });
  return server;
}

function networkRelay(): Promise<NetworkRelay> {
  return NetworkRelay.start("/api/v1", () => Date.now()).then((server) => {
    onTestFinished(() => server.close());
    return server;
  });
}

/** One that never answers an upload of libsignal keys; `asked` settles when it has one. */
async function relayWithoutEnd(): Promise<{ url: string; asked: Promise<void> }> {
  let tell = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const server = createServer((request, response) => {
    if (request.url?.endsWith("/libsignal")) return tell();
    const status = request.url?.startsWith("/messages/lease") ? 404 : 200;
    return response.writeHead(status, { "content-type": "application/json" }).end("{}");
  });
  const doorbells = new WebSocketServer({ server });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    for (const one of doorbells.clients) one.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Two agents of one host; `deliver` sends from one to the other, and gives its rungs at the end. */
async function pair() {
  const host = await startHost(temporaryHome());
  const [a, b] = [await host.agents.create("a"), await host.agents.create("b")];
  const from = await liveSession(a, "claude:1");
  await liveSession(b, "claude:1");
  await until(host, () => [a, b].every((one) => one.relayIs === "online"));
  const deliver = async (text: string, rung: string) => {
    const id = await send(a, from, b.identity.cryptoId, text);
    await until(host, () => unread(b, "claude:1").includes(text) && rungs(a, id).includes(rung));
    return rungs(a, id);
  };
  return { host, receiver: b, deliver };
}

/** How far a message of this agent came, in the order of the ladder. */
function rungs(agent: Agent, id: string): string[] {
  return agent.sent(id).ladder.map(({ rung }) => rung);
}

describe("N1 another relay is an address", () => {
  test("N1 what waits goes out there, once; contacts are asked for; the choice stays", async () => {
    const hosted = await relay();
    const home = temporaryHome();
    const [here, there] = [
      await startHost(home),
      await startHost(temporaryHome(), { relayUrl: hosted.url }),
    ];
    const [me, friend] = [await here.agents.create("me"), await there.agents.create("friend")];
    const mine = await liveSession(me, "claude:1");
    await liveSession(friend, "claude:1");
    await until(here, () => me.relayIs === "online");
    await until(there, () => friend.relayIs === "online");
    // At the embedded relay nobody knows the friend: both messages wait.
    const ids: string[] = [];
    for (const text of ["one", "two"]) {
      ids.push(await send(me, mine, friend.identity.cryptoId, text));
    }
    await here.chooseRelay(relayUrlOf(`${hosted.url}/`));
    expect(here.relayChoice).toMatchObject({ url: hosted.url, from: "chosen" });
    await until(here, () => me.relayIs === "online" && me.summary().relay.url === hosted.url);
    const requests = () => friend.contacts.requests().map((one) => one.agentId);
    await until(there, () => requests().includes(me.identity.cryptoId));
    await friend.contacts.accept(me.identity.cryptoId);
    await until(there, () => unread(friend, "claude:1").length === 2);
    expect(unread(friend, "claude:1")).toEqual(["one", "two"]);
    // The session stayed, and mail comes in by the new relay.
    expect(me.sessions.get("claude:1")).toBe(mine);
    const answering = await liveSession(friend, "claude:2");
    await send(friend, answering, me.identity.cryptoId, "back");
    await until(here, () => unread(me, "claude:1").includes("back"));
    await until(here, () => ids.every((id) => rungs(me, id).includes("inbox")));
    for (const id of ids) expect(rungs(me, id)).toEqual(["queued", "relayed", "received", "inbox"]);

    await here.chooseRelay(null);
    expect(here.relayChoice.from).toBe("embedded");
    await until(here, () => me.relayIs === "online");
    await send(friend, answering, me.identity.cryptoId, "while away");
    await here.chooseRelay(hosted.url);
    await until(here, () => unread(me, "claude:1").includes("while away"));
    await here.close();
    const again = await startHost(home);
    expect(again.relayChoice).toMatchObject({ url: hosted.url, from: "chosen" });
    expect(again.embeddedRelay).toBe(false);
    const back = again.agents.named("me");
    await until(again, () => back.relayIs === "online");
    expect(unread(back, "claude:1")).toEqual(["back", "while away"]);
    expect(unread(friend, "claude:1")).toEqual(["one", "two"]);
  });

  test("N1 two agents of one person change with their mail under way, and go back", async () => {
    const hosted = await relay();
    const host = await startHost(temporaryHome());
    const [a, b] = [await host.agents.create("a"), await host.agents.create("b")];
    const [from, to] = [await liveSession(a, "claude:1"), await liveSession(b, "claude:1")];
    const texts: string[] = [];
    const ids: string[] = [];
    const write = async (text: string) => {
      texts.push(text);
      ids.push(await send(a, from, b.identity.cryptoId, text));
    };
    await until(host, () => [a, b].every((one) => one.relayIs === "online"));
    for (const url of [hosted.url, null, hosted.url, null]) {
      // Published keys, mail and receipts are all somewhere on their way when it changes.
      await write(`before ${texts.length}`);
      await write(`before ${texts.length}`);
      let isChanging = true;
      const change = host.chooseRelay(url).finally(() => {
        isChanging = false;
      });
      while (isChanging) await write(`meanwhile ${texts.length}`);
      await change;
      await write(`after ${texts.length}`);
      await until(host, () => ids.every((id) => rungs(a, id).includes("inbox")));
    }
    expect(unread(b, "claude:1")).toEqual(texts);
    expect(a.sessions.get("claude:1")).toBe(from);
    expect(b.sessions.get("claude:1")).toBe(to);
    expect(host.embeddedRelay).toBe(true);
  });

  test("N1 keys whose upload the former relay never answers are published at the next one", async () => {
    const [slow, hosted] = [await relayWithoutEnd(), await relay()];
    const host = await startHost(temporaryHome());
    const agent = await host.agents.create("me");
    await until(host, () => agent.relayIs === "online");
    await host.chooseRelay(slow.url);
    await slow.asked;
    await host.chooseRelay(hosted.url);
    const published = async () => (await agent.relay.keyHealth()).libsignal?.preKeyCount;
    await expect.poll(published, { timeout: 20_000 }).toBe(100);
  });

  test("N1 at a relay of the network receipts of a peer that has shown libsignal go on", async () => {
    const { url } = await networkRelay();
    const { host, deliver } = await pair();
    for (const choice of [null, url, null]) {
      await host.chooseRelay(choice);
      expect(await deliver(`by ${choice}`, "inbox")).toContain("received");
    }
  });

  test("N1 a peer that was met at a relay of the network is asked anew at another one", async () => {
    const { url } = await networkRelay();
    const { host, receiver, deliver } = await pair();
    await host.chooseRelay(url);
    expect(await deliver("there", "relayed")).toEqual(["queued", "relayed"]);
    // The receipts it owes are given up there: the sender shows nothing that understands them.
    await receiver.drain();
    await host.chooseRelay(null);
    expect(await deliver("here", "inbox")).toContain("received");
  });

  test("N1 where no relay answers nothing is changed, and the words say why", async () => {
    const home = temporaryHome();
    const host = await startHost(home);
    const agent = await host.agents.create("me");
    await until(host, () => agent.relayIs === "online");
    const before = host.relayChoice;
    const gone = await relay();
    await gone.close();
    const web = createServer((_request, response) => response.end("<html>welcome</html>"));
    await once(web.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void web.close());
    const { port } = web.address() as AddressInfo;
    await expect(host.chooseRelay(gone.url)).rejects.toMatchObject({ code: "relay_unreachable" });
    await expect(host.chooseRelay(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "relay_refused",
      message: expect.stringContaining("cannot read"),
    });
    expect(host.relayChoice).toEqual(before);
    expect(agent.relayIs).toBe("online");
    expect(agent.summary().relay.url).toBe(before.url);
    await host.close();
    expect((await startHost(home)).relayChoice.from).toBe("embedded");
  });

  test("N1 an address in the environment stands before the choice; what is no address is refused", async () => {
    const hosted = await relay();
    const host = await startHost(temporaryHome(), { relayUrl: hosted.url });
    await expect(host.chooseRelay(null)).rejects.toMatchObject({ code: "not_allowed" });
    expect(host.relayChoice).toMatchObject({ from: "environment", url: hosted.url });
    for (const text of [
      "",
      "relay.example",
      "ftp://relay.example",
      "https://a@b",
      "https://a/?q",
    ]) {
      expect(() => relayUrlOf(text)).toThrow(expect.objectContaining({ code: "bad_request" }));
    }
    expect(relayUrlOf("https://relay.example/api/")).toBe("https://relay.example/api");
  });

  test("E3 keys of the network's own cipher are published unless a person says no", async () => {
    const hosted = await relay();
    const home = temporaryHome();
    const host = await startHost(home, { relayUrl: hosted.url });
    host.publishForAll(false);
    const agent = await host.agents.create("me");
    await until(host, () => agent.relayIs === "online");
    const signedKeys = () =>
      agent.vault.sql("SELECT count(*) AS n FROM signed_prekey").get<{ n: number }>()?.n;
    for (let look = 0; look < 3; look++) await agent.publishKeys();
    // Keys that are not wanted are not missed: nothing is made anew for want of them.
    expect(signedKeys()).toBe(1);
    const health = await agent.relay.keyHealth();
    expect(health.libsignal).not.toBeNull();
    expect(health.sdk.signedPreKeyId).toBeNull();
    host.publishForAll(true);
    await agent.keysSettled();
    expect((await agent.relay.keyHealth()).sdk.signedPreKeyId).not.toBeNull();
  });
});
