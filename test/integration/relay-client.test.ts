import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { doorbellDelay } from "../../electron/relay/client/doorbell-socket.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import { opaqueEnvelope } from "../support/opaque-envelope.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const clock = { time: 1_800_000_000_000, now: () => clock.time };
const alice = createSigner(new Uint8Array(32).fill(1));
const bob = createSigner(new Uint8Array(32).fill(2));

let relay: RelayServer;
let store: SqliteRelayStore;
const endings: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
  relay = await startRelay({ store, port: 0, clock });
});

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  await relay.close();
  await store.close();
});

function transport(
  url: string,
  signer = alice,
  timers?: Timers,
  options: { heartbeatMs?: number } = {},
): HttpRelayTransport {
  const one = new HttpRelayTransport(url, signer, clock, { ...(timers && { timers }), ...options });
  endings.push(() => one.close());
  return one;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A front end before the real relay: `handle` answers what it returns true for. */
async function front(handle: Handler, prefix = ""): Promise<string> {
  const server = createServer(async (request, response) => {
    if (handle(request, response)) return;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { host: _own, connection: _hop, "content-length": _length, ...headers } = request.headers;
    const body = Buffer.concat(parts);
    const answer = await fetch(relay.url + (request.url ?? "").slice(prefix.length), {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      body: body.length > 0 ? body : null,
    });
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(await answer.text());
  });
  return (await listening(server)) + prefix;
}

function answerWith(response: ServerResponse, status: number, body: string): true {
  response.writeHead(status).end(body);
  return true;
}

async function befriend(): Promise<void> {
  await transport(relay.url).requestContact(bob.cryptoId);
  await transport(relay.url, bob).acceptContact(alice.cryptoId);
}

const envelope = (id: string, body?: string) => opaqueEnvelope({ from: alice, to: bob }, id, body);
const inbox = async () =>
  (await transport(relay.url, bob).list(100)).envelopes.map((one) => one.id);

describe("N1 relays of other kinds", () => {
  test("a path prefix of the base URL is not signed", async () => {
    await befriend();
    const url = await front((request, response) => {
      if (request.url?.startsWith("/api/v1/")) return false;
      return answerWith(response, 500, "");
    }, "/api/v1");
    const a = transport(`${url}/`);
    expect(a.url).toBe(url);
    expect(await a.put([envelope("1"), envelope("2")])).toMatchObject([
      { accepted: true },
      { accepted: true },
    ]);
    expect(await a.contacts()).toEqual([{ agentId: bob.cryptoId, status: "accepted" }]);
  });

  test("a relay without batches is spoken to one by one, and asked for them once", async () => {
    await befriend();
    const seen: string[] = [];
    const url = await front((request, response) => {
      const path = `${request.method} ${request.url?.split("?")[0]}`;
      seen.push(path);
      return request.method === "POST" && path.includes("/messages/")
        ? answerWith(response, 404, "")
        : false;
    });
    const a = transport(url);
    expect(await a.put([envelope("1"), envelope("2")])).toHaveLength(2);
    await a.put([envelope("3"), envelope("4")]);
    expect(await inbox()).toEqual(["1", "2", "3", "4"]);
    const b = transport(url, bob);
    await b.acknowledge(["1", "2"]);
    // An id that no URL can hold stops nothing here either.
    await b.acknowledge(["half \ud83d", "3", "4"]);
    expect(await inbox()).toEqual([]);
    expect(seen.filter((one) => one.startsWith("POST"))).toEqual([
      "POST /messages/batch",
      "POST /messages/ack",
    ]);
  });

  test.each([
    ["breaks", 0],
    ["is answered that it took too long", 408],
  ])("D3 a queue goes out over a line on which what is large %s", async (_what, status) => {
    await befriend();
    const url = await front((request, response) => {
      if (Number(request.headers["content-length"]) < 100_000) return false;
      if (status === 0) return Boolean(request.socket.destroy());
      return answerWith(response.setHeader("connection", "close"), status, "");
    });
    const a = transport(url);
    let left = Array.from({ length: 30 }, (_, n) => envelope(`m${n}`, "A".repeat(40_000)));
    const said = new Set<string>();
    for (let attempt = 0; attempt < 20 && left.length > 0; attempt++) {
      const outcomes = await a.put(left).catch((error) => {
        said.add(error.message);
        return [];
      });
      left = left.slice(outcomes.filter((one) => one.accepted).length);
    }
    expect(left).toEqual([]);
    expect(await inbox()).toEqual(Array.from({ length: 30 }, (_, n) => `m${n}`));
    const words = status === 0 ? "does not answer." : "is too slow for what was sent at once.";
    expect([...said]).toEqual([expect.stringContaining(words)]);
  });

  test("a malformed envelope does not hide the others; a null mailbox is empty", async () => {
    const answers = [JSON.stringify({ messages: [{ id: 1 }, envelope("2")] }), '{"messages":null}'];
    const url = await front((_request, response) =>
      answerWith(response, 200, answers.shift() ?? ""),
    );
    const a = transport(url);
    // A relay that does not say so may have more.
    expect(await a.list(5)).toMatchObject({ envelopes: [envelope("2")], more: true });
    expect(await a.list(5)).toEqual({ envelopes: [], malformed: [], more: false });
  });

  test("contact lists are read page by page, also where a relay takes no offset", async () => {
    const rows = (first: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ cryptoId: `id${first + n}`, status: "accepted" }));
    let ignoresOffset = false;
    const url = await front((request, response) => {
      const offset = Number(new URL(request.url ?? "", "http://x").searchParams.get("offset"));
      const page = ignoresOffset ? rows(0, 200) : rows(offset, offset < 400 ? 200 : 7);
      return answerWith(response, 200, JSON.stringify({ contacts: page }));
    });
    expect(await transport(url).contacts()).toHaveLength(407);
    ignoresOffset = true;
    expect(await transport(url).contacts()).toHaveLength(200);
  });
});

describe("D3 outcomes of sending", () => {
  test("what was accepted before the line broke is not forgotten", async () => {
    await befriend();
    let puts = 0;
    const url = await front((request, response) => {
      if (request.method === "POST") return answerWith(response, 405, "");
      if (++puts === 2) request.socket.destroy();
      return puts === 2;
    });
    const outcomes = await transport(url).put(["1", "2", "3"].map((id) => envelope(id)));
    expect(outcomes).toMatchObject([
      { id: "1", accepted: true },
      { id: "2", accepted: false, permanent: false, status: 0 },
      { id: "3", accepted: false, permanent: false, status: 0 },
    ]);
    expect(await inbox()).toEqual(["1"]);
  });

  test("a relay that breaks off at the first is unreachable", async () => {
    const url = await front((request) => {
      request.socket.destroy();
      return true;
    });
    const put = transport(url).put([envelope("1"), envelope("2")]);
    await expect(put).rejects.toMatchObject({ code: "relay_unreachable" });
  });

  test("nothing overtakes one that has to wait", async () => {
    await befriend();
    let puts = 0;
    const url = await front((request, response) => {
      if (request.method === "POST") return answerWith(response, 404, "");
      if (request.method === "PUT" && ++puts === 2) {
        return answerWith(response, 429, '{"error":"mailbox full"}');
      }
      return false;
    });
    const outcomes = await transport(url).put(["1", "2", "3"].map((id) => envelope(id)));
    expect(outcomes).toMatchObject([
      { accepted: true },
      { accepted: false, permanent: false, status: 429, error: "mailbox full" },
      { accepted: false, permanent: false, status: 0 },
    ]);
    expect(await inbox()).toEqual(["1"]);
  });

  test("more than one batch holds, by count and by size, arrives in order", async () => {
    await befriend();
    const seen: string[] = [];
    const url = await front((request) => {
      seen.push(`${request.method} ${request.url}`);
      return false;
    });
    const a = transport(url);
    const many = Array.from({ length: 150 }, (_, n) => envelope(`m${n}`));
    expect((await a.put(many)).every((one) => one.accepted)).toBe(true);
    const large = ["x", "y", "z"].map((id) => envelope(id, "A".repeat(2_500_000)));
    expect((await a.put(large)).every((one) => one.accepted)).toBe(true);
    expect(seen).toEqual([
      "POST /messages/batch",
      "POST /messages/batch",
      "POST /messages/batch",
      "PUT /messages",
    ]);
    const b = transport(relay.url, bob);
    const ids: string[] = [];
    const list = async () => (await b.list(500)).envelopes;
    for (let page = await list(); page.length > 0; page = await list()) {
      ids.push(...page.map((one) => one.id));
      await b.acknowledge(page.map((one) => one.id));
    }
    expect(ids).toEqual([...many, ...large].map((one) => one.id));
  });

  test("a batch too large for the relay is sent one by one", async () => {
    await befriend();
    await relay.close();
    relay = await startRelay({ store, port: 0, clock, limits: { batchBytes: 100 } });
    expect(await transport(relay.url).put([envelope("1"), envelope("2")])).toMatchObject([
      { accepted: true },
      { accepted: true },
    ]);
  });

  test.each([
    [400, "bad body", true],
    [413, "Request body is too large", true],
    [404, "unknown recipient form", true],
    [404, "no such route", false],
    [401, "stale signature date", false],
    [403, "not_a_contact", false],
    [500, "internal error", false],
  ])("a refusal %i «%s» is final: %s", async (status, error, permanent) => {
    const url = await front((_request, response) =>
      answerWith(response, status, JSON.stringify({ error })),
    );
    const outcomes = await transport(url).put([envelope("1")]);
    const words = expect.stringContaining(error);
    expect(outcomes).toEqual([{ id: "1", accepted: false, status, error: words, permanent }]);
  });
});

describe("N1 errors for a person", () => {
  test("what is no relay, and what refuses, are told apart with a next step", async () => {
    const answers: [number, string][] = [
      [200, "<html>"],
      [200, '{"messages":7}'],
      [401, '{"error":"stale signature date"}'],
      [403, '{"error":"not_a_contact"}'],
    ];
    const url = await front((_request, response) => {
      const [status, body] = answers.shift() as [number, string];
      return answerWith(response, status, body);
    });
    const a = transport(url);
    for (const code of ["relay_refused", "relay_refused", "relay_refused", "contact_required"]) {
      await expect(a.list(1)).rejects.toMatchObject({ code, next: expect.stringMatching(/\w/) });
    }
  });

  test("a relay that is down is unreachable", async () => {
    const url = relay.url;
    await relay.close();
    await expect(transport(url).put([envelope("1")])).rejects.toMatchObject({
      code: "relay_unreachable",
    });
    await expect(transport(url).fetchBundle(bob.address)).rejects.toMatchObject({
      code: "relay_unreachable",
    });
    relay = await startRelay({ store, port: 0, clock });
  });
});

/** Timers run by hand, and a wait for the next one set. */
function handTimers() {
  const set: { ms: number; task: () => void }[] = [];
  let notify = () => {};
  const timers: Timers = {
    after(ms, task) {
      const one = { ms, task };
      set.push(one);
      notify();
      return () => {
        if (set.includes(one)) set.splice(set.indexOf(one), 1);
      };
    },
  };
  const next = async () => {
    while (set.length === 0) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
    return set.shift() as { ms: number; task: () => void };
  };
  return { timers, next };
}

/** The doorbell's states as they come. */
function watch(one: HttpRelayTransport) {
  const states: [string, string | null][] = [];
  let rings = 0;
  let notify = () => {};
  one.open({
    doorbell: () => {
      rings++;
    },
    state: (state, problem) => {
      states.push([state, problem]);
      notify();
    },
  });
  const until = async (state: string) => {
    for (;;) {
      const found = states.findIndex(([name]) => name === state);
      if (found >= 0) return states.splice(0, found + 1).at(-1);
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };
  return { until, rings: () => rings };
}

describe("N1 doorbell", () => {
  test("pings as seldom as it is told, where a connection cannot break unnoticed", async () => {
    const { timers, next } = handTimers();
    const bell = watch(transport(relay.url, bob, timers, { heartbeatMs: 300_000 }));
    await bell.until("online");
    expect((await next()).ms).toBe(300_000);
  });

  test("comes back by itself when the relay does, and looks at once", async () => {
    const { timers, next } = handTimers();
    const bell = watch(transport(relay.url, bob, timers));
    await bell.until("online");
    const before = bell.rings();
    const heartbeat = await next();
    expect(heartbeat.ms).toBe(20_000);
    const port = relay.port;
    await relay.close();
    expect(await bell.until("offline")).toEqual(["offline", "the relay closed the connection"]);
    const first = await next();
    expect(first.ms).toBeLessThanOrEqual(200);
    first.task();
    const [, problem] = (await bell.until("offline")) as [string, string];
    expect(problem).toContain("ECONNREFUSED");
    relay = await startRelay({ store, port, clock });
    (await next()).task();
    await bell.until("online");
    expect(bell.rings()).toBeGreaterThan(before);
  });

  test("says why it is refused", async () => {
    const refusing = createServer();
    refusing.on("upgrade", (_request, socket) => {
      socket.end("HTTP/1.1 401 Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    const { timers } = handTimers();
    const bell = watch(transport(await listening(refusing), bob, timers));
    expect(await bell.until("offline")).toEqual([
      "offline",
      "the relay refused the connection (401): check this machine's clock",
    ]);
  });

  test("a connection that answers no ping is dropped", async () => {
    const silent = createServer();
    const sockets = new WebSocketServer({ server: silent, autoPong: false });
    endings.push(async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    });
    const { timers, next } = handTimers();
    const bell = watch(transport(await listening(silent), bob, timers));
    await bell.until("online");
    (await next()).task();
    await bell.until("offline");
    expect((await next()).ms).toBeLessThanOrEqual(200);
  });

  test("its back-off doubles to 15 s with jitter, for ever", () => {
    expect(doorbellDelay(0, 0)).toBe(100);
    expect(doorbellDelay(1, 0.999)).toBeLessThanOrEqual(400);
    for (const failures of [10, 5000]) {
      expect(doorbellDelay(failures, 0)).toBe(7500);
      expect(doorbellDelay(failures, 0.9999)).toBeLessThanOrEqual(15_000);
    }
  });
});
