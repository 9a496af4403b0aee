import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { RelayMetrics } from "../../electron/relay/command/relay-metrics.ts";
import {
  type RelayLimits,
  type RelayServer,
  startRelay,
} from "../../electron/relay/server/server.ts";
import {
  createSigner,
  type Signer,
  signedHeaders,
  streamAuthorization,
} from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { callRelay } from "../support/relay-call.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** One test for each row of docs/abuse.md: the limit, its status, its metric. */
const START = 1_800_000_000_000;
const clock = { time: START, now: () => clock.time };
const signerOf = (byte: number) => createSigner(new Uint8Array(32).fill(byte));
const [alice, bob, eve] = [signerOf(1), signerOf(2), signerOf(3)];

let store: SqliteRelayStore;
let relay: RelayServer;
let metrics: RelayMetrics;

beforeEach(() => {
  clock.time = START;
});

afterEach(async () => {
  await relay.close();
  await store.close();
});

async function start(limits: RelayLimits = {}, mailboxLimit = 10_000): Promise<void> {
  store = new SqliteRelayStore(join(temporaryHome(), "relay.db"), { mailboxLimit, handleLimit: 2 });
  metrics = new RelayMetrics();
  relay = await startRelay({ store, port: 0, clock, limits, observer: metrics.observer });
}

async function refusals(reason: string): Promise<number> {
  const line = new RegExp(`refusals_total\\{reason="${reason}"\\} (\\d+)`);
  return Number(line.exec(await metrics.registry.metrics())?.[1] ?? 0);
}

const call = (signer: Signer, method: string, uri: string, body?: unknown, sent = {}) =>
  callRelay({ url: relay.url, now: clock.now() }, signer, { method, uri, body }, sent);
const encoded = encodeURIComponent;
const mailOf = (signer: Signer) => `/messages?agentId=${encoded(signer.address)}`;
const mail = (id: string, from: Signer, body = "AAAA") => ({
  id,
  from: from.address,
  to: bob.address,
  timestamp: new Date(START).toISOString(),
  deviceId: 1,
  type: "CIPHERTEXT",
  body,
});

async function befriend(other: Signer): Promise<void> {
  await call(other, "POST", `/contacts/${bob.cryptoId}`);
  await call(bob, "POST", `/contacts/${other.cryptoId}/accept`);
}

/** What a raw connection is answered until it is closed. */
async function raw(text: string): Promise<string> {
  const socket = connect(relay.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let answer = "";
  socket.on("data", (data: Buffer) => {
    answer += data.toString();
  });
  socket.write(text);
  await once(socket, "close");
  return answer;
}

async function doorbell(signer: Signer): Promise<WebSocket> {
  const authorization = encoded(streamAuthorization(signer, clock.now()));
  const stream = `${relay.url.replace("http", "ws")}/inbox/stream?authorization=${authorization}`;
  const socket = new WebSocket(stream);
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

describe("N4 abuse: who asks", () => {
  test("a forged request", async () => {
    await start();
    const answer = await call(eve, "GET", "/contacts", undefined, {
      headers: { "x-tinyplace-public-key": alice.address, "x-agent-id": alice.address },
    });
    expect([answer.status, answer.body.error]).toEqual([401, "invalid signature"]);
    expect(await refusals("invalid_signature")).toBe(1);
  });

  test("a replayed request", async () => {
    await start();
    const parts = { method: "GET", uri: "/contacts", body: null, actor: alice.cryptoId };
    const headers = signedHeaders(alice, { ...parts, now: clock.now() });
    const send = () => fetch(`${relay.url}/contacts`, { headers });
    expect((await send()).status).toBe(200);
    clock.time += 299_000;
    expect((await send()).status).toBe(401);
    expect(await refusals("replayed_nonce")).toBe(1);
  });

  test("a request of another time", async () => {
    await start();
    for (const away of [301_000, -301_000]) {
      const relayThen = { url: relay.url, now: START + away };
      const answer = await callRelay(relayThen, alice, { method: "GET", uri: "/contacts" });
      expect([answer.status, answer.body.error]).toEqual([401, "stale signature date"]);
    }
    expect(await refusals("stale_date")).toBe(2);
  });

  test("a request in another's name", async () => {
    await start();
    const answer = await call(eve, "GET", mailOf(bob), undefined, { actor: bob.address });
    expect(answer.status).toBe(403);
    expect((await call(eve, "GET", mailOf(bob))).status).toBe(403);
    expect([await refusals("wrong_actor"), await refusals("forbidden")]).toEqual([1, 1]);
  });
});

describe("N4 abuse: floods", () => {
  test("a flood of nonces", async () => {
    await start({ nonces: { perAgent: 3 } });
    for (let n = 0; n < 3; n++) expect((await call(eve, "GET", "/contacts")).status).toBe(200);
    const answer = await call(eve, "GET", "/contacts");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "30"]);
    expect((await call(alice, "GET", "/contacts")).status).toBe(200);
    expect(await refusals("nonce_flood")).toBe(1);
  });

  test("a flood of requests by one agent", async () => {
    await start({ agentPerMinute: 2 });
    for (let n = 0; n < 2; n++) expect((await call(eve, "GET", "/contacts")).status).toBe(200);
    expect((await call(eve, "GET", "/contacts")).status).toBe(429);
    expect((await call(alice, "GET", "/contacts")).status).toBe(200);
    expect(await refusals("agent_rate")).toBe(1);
  });

  test("a flood of requests and upgrades from one address", async () => {
    await start({ addressPerMinute: 3 });
    await doorbell(alice);
    for (let n = 0; n < 2; n++) await fetch(`${relay.url}/health`);
    // What a client says about its own address is not believed.
    const headers = { "x-forwarded-for": "203.0.113.9" };
    expect((await fetch(`${relay.url}/health`, { headers })).status).toBe(429);
    await expect(doorbell(alice)).rejects.toThrow("429");
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
    expect(await refusals("address_rate")).toBe(2);
  });

  test("draining of one-time keys", async () => {
    await start({ oneTimeKeysPerHour: 2 });
    const signed = (id: number) => ({ id, publicKey: "AAAA", signature: "AAAA" });
    await store.publish(
      bob.cryptoId,
      {
        registrationId: 1,
        deviceId: 1,
        identityKey: "AAAA",
        signedPreKey: signed(1),
        kyberLastResort: signed(900),
        preKeys: [1, 2, 3].map((id) => ({ id, publicKey: "AAAA" })),
        kyberPreKeys: [],
        capabilities: [],
      },
      START,
    );
    const take = async () => {
      const answer = await fetch(`${relay.url}/keys/${encoded(bob.address)}/bundle`);
      const { libsignal } = (await answer.json()) as { libsignal: { preKey: unknown } };
      return [answer.status, libsignal.preKey !== null];
    };
    const taken = [await take(), await take(), await take()];
    expect(taken).toEqual([
      [200, true],
      [200, true],
      [200, false],
    ]);
    expect((await store.keyHealth(bob.cryptoId)).libsignal?.preKeyCount).toBe(1);
    expect(await refusals("one_time_keys")).toBe(1);
    clock.time += 3_600_000;
    expect(await take()).toEqual([200, true]);
  });

  test("a contact that floods a mailbox", async () => {
    await start({}, 200);
    await befriend(eve);
    await befriend(alice);
    const envelopes = Array.from({ length: 100 }, (_, n) => mail(`flood-${n}`, eve));
    const batch = await call(eve, "POST", "/messages/batch", { envelopes });
    expect(batch.status).toBe(200);
    const next = await call(eve, "PUT", "/messages", mail("one-more", eve));
    expect([next.status, next.body.code]).toEqual([429, "mailbox_full"]);
    expect((await call(alice, "PUT", "/messages", mail("hello", alice))).status).toBe(202);
    expect(await refusals("mailbox_full")).toBe(1);
  });

  test("strangers that flood an agent", async () => {
    await start();
    expect((await call(eve, "PUT", "/messages", mail("1", eve))).body.error).toBe("not_a_contact");
    expect(await refusals("not_a_contact")).toBe(1);
    const at = new Date(START).toISOString();
    const ask = (requester: string, addressee: string) =>
      store.changeContact(requester, addressee, () => ({
        requester,
        addressee,
        status: "pending",
        createdAt: at,
        updatedAt: at,
      }));
    for (let n = 0; n < 200; n++) await ask(eve.cryptoId, `somebody-${n}`);
    const spread = await call(eve, "POST", `/contacts/${bob.cryptoId}`);
    expect([spread.status, spread.body.code]).toEqual([429, "contact_limit"]);
    for (let n = 0; n < 1000; n++) await ask(`stranger-${n}`, bob.cryptoId);
    expect((await call(alice, "POST", `/contacts/${bob.cryptoId}`)).status).toBe(429);
    // Whoever bob asks himself still is his to have.
    expect((await call(bob, "POST", `/contacts/${alice.cryptoId}`)).status).toBe(200);
    expect(await refusals("contact_limit")).toBe(2);
  });

  test("squatting on handles", async () => {
    await start({ handlesPerHour: 4 });
    const claim = async (signer: Signer, name: string) => {
      const answer = await call(signer, "PUT", `/directory/handles/${encoded(name)}`);
      return [answer.status, answer.body.error];
    };
    expect(await claim(eve, "@one")).toEqual([200, undefined]);
    expect(await claim(eve, "@two")).toEqual([200, undefined]);
    expect(await claim(eve, "@three")).toEqual([403, "handle_limit"]);
    expect(await claim(alice, "@one")).toEqual([409, "handle_taken"]);
    expect(await claim(alice, "@ann")).toEqual([429, "too many requests"]);
    const reasons = ["handle_limit", "handle_taken", "handle_rate"].map(refusals);
    expect(await Promise.all(reasons)).toEqual([1, 1, 1]);
  });

  test("too many doorbells of one agent", async () => {
    await start();
    for (let n = 0; n < 64; n++) await doorbell(eve);
    await expect(doorbell(eve)).rejects.toThrow("429");
    await doorbell(alice);
    expect(await refusals("doorbells")).toBe(1);
  });

  test("too many connections", async () => {
    await start({ connections: 1 });
    await doorbell(eve);
    expect(await raw("GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n")).toBe("");
    expect(await refusals("too_many_connections")).toBe(1);
  });
});

describe("N4 abuse: slow clients", () => {
  const head = `POST /contacts/${bob.cryptoId} HTTP/1.1\r\nHost: relay\r\n`;

  test("headers that never end", async () => {
    await start({ headersMs: 300, requestMs: 300 });
    expect(await raw(`${head}X-Slow: 1\r\n`)).toMatch(/^HTTP\/1.1 408 /);
    expect(await refusals("slow_client")).toBe(1);
  });

  test("a body that never ends", async () => {
    await start({ headersMs: 300, requestMs: 300 });
    expect(await raw(`${head}Content-Length: 100\r\n\r\n{`)).toMatch(/^HTTP\/1.1 408 /);
    expect(await refusals("slow_client")).toBe(1);
  });

  test("a connection that says nothing", async () => {
    await start({ silenceMs: 300 });
    expect(await raw("")).toBe("");
  });
});

describe("N4 abuse: what is too large", () => {
  test("a body", async () => {
    await start({ bodyBytes: 2000, batchBytes: 3000 });
    const answer = await call(alice, "PUT", "/messages", mail("1", alice, "A".repeat(2000)));
    expect(answer.status).toBe(413);
    const envelopes = [1, 2, 3].map((n) => mail(`${n}`, alice, "A".repeat(1000)));
    expect((await call(alice, "POST", "/messages/batch", { envelopes })).status).toBe(413);
    expect(await refusals("too_large")).toBe(2);
  });

  test("headers, and a path", async () => {
    await start();
    const long = "x".repeat(17_000);
    const request = "HTTP/1.1\r\nHost: relay\r\n";
    expect(await raw(`GET /contacts ${request}X-Long: ${long}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    expect(await raw(`GET /${long} ${request}\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    expect(await refusals("headers_too_large")).toBe(2);
    const param = await fetch(`${relay.url}/contacts/${"x".repeat(300)}/status`);
    expect(param.status).toBe(414);
    expect(await refusals("too_large")).toBe(1);
  });

  test("a batch of too many, and lists of too many ids", async () => {
    await start();
    const envelopes = Array.from({ length: 101 }, (_, n) => mail(`${n}`, alice));
    expect((await call(alice, "POST", "/messages/batch", { envelopes })).status).toBe(400);
    const ids = Array.from({ length: 501 }, (_, n) => `${n}`);
    expect((await call(alice, "POST", "/messages/ack", { ids })).status).toBe(400);
    expect(await refusals("bad_request")).toBe(2);
  });

  test("a frame to the doorbell", async () => {
    await start();
    const bell = await doorbell(eve);
    bell.send("x".repeat(5000));
    const [code] = (await once(bell, "close")) as [number];
    expect([1006, 1009]).toContain(code);
    await expect.poll(() => relay.listeners()).toEqual([]);
  });
});

describe("N4 abuse: paths and headers", () => {
  test("another way to write a path", async () => {
    await start();
    await befriend(alice);
    await call(alice, "PUT", "/messages", mail("secret", alice));
    for (const path of ["//messages", "/./messages", "/x/../messages", "/MESSAGES", "/messages/"]) {
      const uri = `${path}?agentId=${encoded(bob.address)}`;
      const parts = { method: "GET", uri, body: null, actor: eve.address, now: clock.now() };
      const headers = Object.entries(signedHeaders(eve, parts)).map(([k, v]) => `${k}: ${v}`);
      const lines = [`GET ${uri} HTTP/1.1`, "Host: relay", "Connection: close", ...headers];
      const answer = await raw(`${lines.join("\r\n")}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 40[34] /);
      expect(answer).not.toContain("secret");
    }
    const twice = `${mailOf(eve)}&agentId=${encoded(bob.address)}`;
    expect((await call(eve, "GET", twice)).status).toBe(400);
    expect(await refusals("not_found")).toBeGreaterThanOrEqual(4);
  });

  test("a path that means another one once it is decoded", async () => {
    await start();
    const answer = await call(eve, "GET", `/contacts/${encoded(`../${bob.cryptoId}`)}/status`);
    expect([answer.status, answer.body.error]).toEqual([404, "unknown recipient form"]);
    expect((await fetch(`${relay.url}/contacts/%zz/status`)).status).toBe(400);
  });

  test("a header given twice, and a length given two ways", async () => {
    await start();
    const parts = { method: "GET", uri: "/contacts", body: null, actor: eve.address };
    const own = Object.entries(signedHeaders(eve, { ...parts, now: clock.now() }));
    const lines = ["GET /contacts HTTP/1.1", "Host: relay", "Connection: close"];
    const headers = [...own, ["x-tinyplace-public-key", alice.address]].map(
      ([k, v]) => `${k}: ${v}`,
    );
    expect(await raw(`${[...lines, ...headers].join("\r\n")}\r\n\r\n`)).toMatch(/^HTTP\/1.1 401 /);
    const smuggled =
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    expect(await raw(`PUT /messages HTTP/1.1\r\nHost: relay\r\n${smuggled}`)).toMatch(
      /^HTTP\/1.1 400 /,
    );
    expect([await refusals("unauthorized"), await refusals("malformed")]).toEqual([1, 1]);
  });
});

test("every row of docs/abuse.md names a test of this file, and every test has its row", async () => {
  await start();
  const here = readFileSync(fileURLToPath(import.meta.url), "utf8");
  const page = readFileSync(new URL("../../docs/abuse.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| ([^|]+?) +\|/gm)].map((match) => match[1] as string);
  const tests = [...here.matchAll(/^ {2}test\("([^"]+)"/gm)].map((match) => match[1] as string);
  expect(rows.filter((row) => row !== "attack" && !/^-+$/.test(row))).toEqual(tests);
});
