import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { systemClock } from "../../electron/platform/clock.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { contentDigest } from "../../electron/relay/content-digest.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { createSigner, signedHeaders, streamAuthorization } from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import type { MailPage, RelayListener, RelayTransport } from "../../electron/relay/transport.ts";
import type { RelayEnvelope } from "../../electron/relay/wire.ts";
import { Bench, befriend } from "../support/agents.ts";
import { opaqueEnvelope } from "../support/opaque-envelope.ts";
import { callRelay } from "../support/relay-call.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const [alice, bob] = [1, 2].map((byte) => createSigner(new Uint8Array(32).fill(byte))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];
const LARGE = "A".repeat(40_000);

const envelope = (id: string, body?: string) => opaqueEnvelope({ from: alice, to: bob }, id, body);

describe("N1 mail that travels with a ring", () => {
  let relay: RelayServer;
  let sender: HttpRelayTransport;

  beforeEach(async () => {
    const store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
    relay = await startRelay({ store, port: 0 });
    onTestFinished(async () => {
      await relay.close();
      await store.close();
    });
    sender = client(alice);
    await sender.requestContact(bob.cryptoId);
    await client(bob).acceptContact(alice.cryptoId);
  });

  function client(signer = bob, installation?: string): HttpRelayTransport {
    const options = installation ? { installation: { id: installation, host: "a host" } } : {};
    const one = new HttpRelayTransport(relay.url, signer, systemClock, options);
    onTestFinished(() => one.close());
    return one;
  }

  /** An open doorbell whose rings for mail are awaited one by one: what each brought, null for nothing. */
  async function bellOf(one: HttpRelayTransport) {
    const rung: (readonly RelayEnvelope[] | null)[] = [];
    await new Promise<void>((resolve) => {
      one.open({
        doorbell: (at, page) => void (at === "mail" && rung.push(page?.envelopes ?? null)),
        state: (state) => state === "online" && resolve(),
      });
    });
    return async () => {
      await expect.poll(() => rung.length).toBeGreaterThan(0);
      return rung.shift()?.map((found) => found.id) ?? null;
    };
  }

  test("is all that the mailbox holds, and else is looked for", async () => {
    const reader = client();
    const next = await bellOf(reader);
    await sender.put([envelope("1"), envelope("2")]);
    expect(await next()).toEqual(["1", "2"]);
    await sender.put([envelope("3")]);
    expect(await next()).toBeNull();
    expect((await reader.list(9)).envelopes.map((one) => one.id)).toEqual(["1", "2", "3"]);
    await reader.acknowledge(["1", "2", "3"]);
    // A mailbox that was busy brings nothing for a moment, then again.
    let n = 4;
    const putOne = async () => {
      const id = String(n++);
      await sender.put([envelope(id)]);
      const brought = await next();
      await reader.acknowledge([id]);
      return brought;
    };
    await expect.poll(putOne).not.toBeNull();
    await sender.put([envelope("large", LARGE)]);
    expect(await next()).toBeNull();
  });

  test("goes to the newest doorbell of the installation that drains the mailbox", async () => {
    const [holder, other] = [client(bob, "one"), client(bob, "two")];
    await holder.lease(false);
    const heard = await bellOf(other);
    await sender.put([envelope("1")]);
    expect(await heard()).toBeNull();
    await holder.acknowledge(["1"]);
    const next = await bellOf(holder);
    let n = 2;
    // What another installation could not be given made the mailbox a busy one for a moment.
    await expect
      .poll(async () => {
        const id = String(n++);
        await sender.put([envelope(id)]);
        const brought = [await next(), await heard()];
        await holder.acknowledge([id]);
        return brought;
      })
      .toEqual([[expect.any(String)], null]);
  });

  const streamUri = () =>
    `/inbox/stream?authorization=${encodeURIComponent(streamAuthorization(bob, Date.now()))}`;
  const signed = (uri: string, signer = bob) => {
    const request = { method: "GET", uri, body: null, actor: signer.address, now: Date.now() };
    return signedHeaders(signer, request);
  };
  /** Resolves with 101 for an open doorbell, else with the status of the refusal. */
  const open = (uri: string, headers: Record<string, string>) => {
    const socket = new WebSocket(relay.url.replace("http", "ws") + uri, { headers });
    onTestFinished(() => socket.terminate());
    const status = new Promise<number>((resolve) => {
      socket.on("open", () => resolve(101));
      socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode ?? 0));
      socket.on("error", () => {});
    });
    return { socket, status };
  };

  test("asks for a signature that holds once; without any a doorbell only rings", async () => {
    const uri = streamUri();
    const own = signed(uri);
    const { socket, status } = open(uri, {});
    expect(await status).toBe(101);
    const rung = once(socket, "message");
    await sender.put([envelope("1")]);
    expect(JSON.parse(String((await rung)[0]))).toEqual({
      event: "new_item",
      item: { for: "mail" },
    });
    expect(await open(uri, own).status).toBe(101);
    expect(await open(uri, own).status).toBe(401);
    expect(await open(uri, signed(`${streamUri()}&installation=x`)).status).toBe(401);
    expect(await open(uri, signed(uri, alice)).status).toBe(403);
  });

  test("is what a look would have answered, word for word", async () => {
    const uri = streamUri();
    const { socket, status } = open(uri, signed(uri));
    expect(await status).toBe(101);
    const rung = once(socket, "message");
    await sender.put([envelope("1")]);
    const { item } = JSON.parse(String((await rung)[0]));
    const listing = `/messages?agentId=${encodeURIComponent(bob.address)}`;
    const at = { url: relay.url, now: Date.now() };
    const answer = await callRelay(at, bob, { method: "GET", uri: listing });
    expect(JSON.parse(item.page)).toEqual(answer.body);
    expect(item.digest).toBe(answer.headers.get("content-digest"));
  });
});

test("N1 what was damaged on its way with a ring is looked for", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const bells = new WebSocketServer({ server });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reader = new HttpRelayTransport(url, bob, systemClock);
  onTestFinished(async () => {
    await reader.close();
    for (const socket of bells.clients) socket.terminate();
    bells.close();
    server.close();
  });
  const page = JSON.stringify({ messages: [envelope("1")], more: false });
  const digest = contentDigest(page);
  const items = [
    { for: "mail", page: page.replace("AAAA", "AABA"), digest },
    { for: "mail", page },
    { for: "mail", page: "{", digest: contentDigest("{") },
    { for: "mail", page, digest },
  ];
  bells.on("connection", (socket) => {
    for (const item of items) socket.send(JSON.stringify({ event: "new_item", item }));
  });
  const brought: (MailPage | undefined)[] = [];
  reader.open({ doorbell: (_at, found) => brought.push(found), state: () => {} });
  // The first is the look of a doorbell that connects.
  await expect.poll(() => brought.length).toBe(5);
  expect(brought.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  expect(brought[4]?.envelopes).toEqual([envelope("1")]);
});

describe("D1 mail that came with a ring", () => {
  /** Two contacts; the second one's calls of its relay, and what its doorbell brought. */
  async function start() {
    const bench = await Bench.start();
    const [a, b] = [bench.party("a"), bench.party("b")];
    const calls = { listed: 0, onAcknowledge: () => {} };
    const pages: MailPage[] = [];
    let listener: RelayListener | null = null;
    b.wrap = (relay: RelayTransport) =>
      new Proxy(relay, {
        get(target, name) {
          if (name === "list") calls.listed++;
          if (name === "acknowledge") calls.onAcknowledge();
          if (name === "open") {
            return (own: RelayListener) => {
              listener = own;
              target.open({
                state: (state, problem) => own.state(state, problem),
                doorbell: (at, page) => {
                  if (page) pages.push(page);
                  own.doorbell(at, page);
                },
              });
            };
          }
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    await Promise.all([a.start(), b.start()]);
    await befriend(a, b);
    const from = await a.session("claude:1");
    await b.session("claude:1");
    await b.agent.drain();
    let sent = 0;
    /** Writes until a message came with its ring: the mailbox may have been busy before. */
    const write = async () => {
      for (const before = pages.length; pages.length === before; ) {
        await b.agent.drain();
        calls.listed = 0;
        const text = `text ${++sent}`;
        await a.send(from, b, text);
        await b.until(() => b.unread("claude:1").at(-1) === text);
      }
      return Array.from({ length: sent }, (_, n) => `text ${n + 1}`);
    };
    const ring = (page: MailPage) => listener?.doorbell("mail", page);
    return { b, calls, pages, write, ring };
  }

  test("D1 is committed before it is acknowledged, without being asked for", async () => {
    const { b, calls, write } = await start();
    const acknowledged: string[][] = [];
    calls.onAcknowledge = () => acknowledged.push(b.unread("claude:1"));
    const texts = await write();
    expect(calls.listed).toBe(0);
    await b.agent.lookForMail();
    expect(acknowledged.at(-1)).toEqual(texts);
    expect((await b.agent.relay.list(9)).envelopes).toEqual([]);
  });

  test("D2 is delivered once, however often it comes", async () => {
    const { b, pages, write, ring } = await start();
    const texts = await write();
    const page = pages.at(-1) as MailPage;
    ring(page);
    ring(page);
    await b.agent.drain();
    ring(page);
    await b.agent.drain();
    expect(b.unread("claude:1")).toEqual(texts);
    expect(b.agent.summary().undecryptable).toBe(0);
  });
});
