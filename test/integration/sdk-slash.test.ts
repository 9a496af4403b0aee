import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { startRelay } from "../../electron/relay/server/server.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { SdkPeer } from "../fakes/sdk-peer.ts";
import { liveSession, send, startHost, unread, until } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** A relay, and a front end before it that finds no path with an encoded slash, as the live one. */
async function relayWithFront() {
  const store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
  const relay = await startRelay({ store, port: 0 });
  const front = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (path.split("?")[0]?.includes("%2F")) return response.writeHead(404).end("not found");
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { host: _own, connection: _hop, "content-length": _length, ...headers } = request.headers;
    const body = Buffer.concat(parts);
    const answer = await fetch(relay.url + path, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      body: body.length > 0 ? body : null,
    });
    return response.writeHead(answer.status).end(await answer.text());
  });
  front.on("upgrade", ({ url, rawHeaders }, socket, head) => {
    const upstream = connect(relay.port, "127.0.0.1", () => {
      const pairs = rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`));
      upstream.write(`GET ${url} HTTP/1.1\r\n${pairs.join("")}\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    const end = () => {
      upstream.destroy();
      socket.destroy();
    };
    for (const one of [upstream, socket]) one.on("error", end).on("close", end);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(async () => {
    front.closeAllConnections();
    front.close();
    await relay.close();
    await store.close();
  });
  return { url: relay.url, front: `http://127.0.0.1:${(front.address() as AddressInfo).port}` };
}

async function slashPeer(url: string): Promise<SdkPeer> {
  const file = join(temporaryHome(), "peer.json");
  const peer = new SdkPeer({ url, file, now: () => Date.now(), pings: false, slash: true });
  await peer.publish();
  return peer;
}

describe("E3 addresses with a slash", () => {
  test("new agents have none", () => {
    const drawn = Array.from({ length: 200 }, () => drawIdentity("me").address);
    expect(drawn.filter((address) => address.includes("/"))).toEqual([]);
  });

  test("one that has it is written to and read, both ways", async () => {
    const { url } = await relayWithFront();
    const host = await startHost(temporaryHome(), { relayUrl: url });
    const agent = await host.agents.create("me");
    const session = await liveSession(agent, "claude:1");
    const peer = await slashPeer(url);
    await until(host, () => agent.relayIs === "online");
    await peer.requestContact(agent.identity.cryptoId);
    await agent.contacts.accept(peer.cryptoId);
    const id = await send(agent, session, peer.cryptoId, "hello");
    await until(host, () => agent.sent(id).state === "relayed");
    await peer.poll();
    expect(peer.messages().map((one) => one.text)).toEqual(["hello"]);
    await peer.write(agent.identity.address, "hi");
    await until(host, () => unread(agent, "claude:1").includes("hi"));
  });

  test("where a front end does not find it, the message waits and says why", async () => {
    const { url, front } = await relayWithFront();
    const host = await startHost(temporaryHome(), { relayUrl: front });
    const agent = await host.agents.create("me");
    const session = await liveSession(agent, "claude:1");
    const peer = await slashPeer(url);
    const id = await send(agent, session, peer.cryptoId, "hello");
    await until(host, () => agent.sent(id).problem !== null);
    expect(agent.sent(id).state).toBe("queued");
    expect(agent.sent(id).problem).toMatch(/has a \/.*404/);
  });
});
