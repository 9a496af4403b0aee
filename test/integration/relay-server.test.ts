import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import {
  type RelayOptions,
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
import type { ContactEdge } from "../../electron/relay/store/store.ts";
import { ManualTime } from "../support/manual-time.ts";
import { callRelay, type Reply, reply } from "../support/relay-call.ts";
import { signInToken } from "../support/sign-in-token.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const START = 1_800_000_000_000;
const clock = { time: START, now: () => clock.time };
const signerOf = (byte: number) => createSigner(new Uint8Array(32).fill(byte));
const [alice, bob, carol] = [signerOf(1), signerOf(2), signerOf(3)];

let relay: RelayServer;
let store: SqliteRelayStore;

beforeEach(async () => {
  clock.time = START;
  store = new SqliteRelayStore(join(temporaryHome(), "relay.db"), { mailboxLimit: 3 });
  relay = await startRelay({ store, port: 0, clock });
});

afterEach(async () => {
  await relay.close();
  await store.close();
});

/** Another relay over the same store, in place of the first. */
async function restart(options: Partial<RelayOptions>): Promise<void> {
  await relay.close();
  relay = await startRelay({ store, port: 0, clock, ...options });
}

function call(
  signer: Signer,
  method: string,
  uri: string,
  body?: unknown,
  sent: Parameters<typeof callRelay>[3] = {},
): Promise<Reply> {
  return callRelay({ url: relay.url, now: clock.now() }, signer, { method, uri, body }, sent);
}

const encoded = encodeURIComponent;
const mail = (id: string, changes: Record<string, unknown> = {}) => ({
  id,
  from: alice.address,
  to: bob.address,
  timestamp: new Date(START).toISOString(),
  deviceId: 1,
  type: "CIPHERTEXT",
  body: "AAAA",
  ...changes,
});
const listOf = async (signer: Signer, query = "") =>
  (await call(signer, "GET", `/messages?agentId=${encoded(signer.address)}${query}`)).body.messages;

async function befriend(a: Signer, b: Signer): Promise<void> {
  await call(a, "POST", `/contacts/${b.cryptoId}`);
  await call(b, "POST", `/contacts/${a.cryptoId}/accept`);
}

const siws = (signer: Signer, expires = START + 1000) => signInToken(signer, START, expires);

describe("N4 signed requests", () => {
  test("another body, method, path or nonce than the signed one is refused", async () => {
    await befriend(alice, bob);
    const forged = await call(alice, "PUT", "/messages", mail("1"), {
      body: JSON.stringify(mail("2")),
    });
    expect([forged.status, forged.body]).toEqual([401, { error: "invalid signature" }]);
    const nonce = { "x-tinyplace-nonce": "AAAAAAAAAAAAAAAAAAAAAA==" };
    expect((await call(alice, "PUT", "/messages", mail("1"), { headers: nonce })).status).toBe(401);
    const query = `?agentId=${encoded(bob.address)}`;
    const headers = signedHeaders(bob, {
      method: "GET",
      uri: `/messages/1${query}`,
      body: null,
      actor: bob.address,
      now: clock.now(),
    });
    const answer = await fetch(`${relay.url}/messages/1${query}`, { method: "DELETE", headers });
    expect(answer.status).toBe(401);
    expect(await listOf(bob)).toBeNull();
  });

  test("the actor may be named in either form, and nobody else", async () => {
    const uri = `/messages?agentId=${encoded(alice.address)}`;
    const as = (actor: string) => call(alice, "GET", uri, undefined, { actor });
    expect((await as(alice.cryptoId)).status).toBe(200);
    expect((await as(alice.address)).status).toBe(200);
    for (const actor of [bob.cryptoId, bob.address, "@alice"]) {
      expect(await as(actor)).toMatchObject({
        status: 403,
        body: { error: "actor does not match signing key" },
      });
    }
  });

  test("a missing header is named", async () => {
    const names = ["date", "nonce", "public-key", "signature"].map((one) => `x-tinyplace-${one}`);
    for (const name of [...names, "x-agent-id"]) {
      const sent = await call(alice, "GET", "/contacts", undefined, { headers: { [name]: "" } });
      expect([sent.status, sent.body.error]).toEqual([401, `missing ${name}`]);
    }
  });

  test("what was signed before a restart is refused after it", async () => {
    const uri = "/contacts";
    const signed = { method: "GET", uri, body: null, actor: alice.cryptoId, now: clock.now() };
    const headers = signedHeaders(alice, signed);
    expect((await fetch(relay.url + uri, { headers })).status).toBe(200);
    clock.time += 10;
    await restart({});
    const again = await reply(await fetch(relay.url + uri, { headers }));
    expect([again.status, again.body.error]).toEqual([401, "stale signature date"]);
    expect((await call(alice, "GET", uri)).status).toBe(200);
  });

  test("a sign-in token speaks for its key, until it expires", async () => {
    const uri = `/messages?agentId=${encoded(alice.address)}`;
    const bearer = (token: string, actor = alice.address) =>
      call(alice, "GET", uri, undefined, { headers: { "x-tinyplace-signature": token }, actor });
    expect((await bearer(siws(alice))).status).toBe(200);
    expect((await bearer(siws(bob))).status).toBe(401);
    expect((await bearer(siws(alice), bob.address)).status).toBe(403);
    clock.time = START + 1000;
    expect((await bearer(siws(alice))).status).toBe(401);
  });

  test("sign-in tokens are off where told so, and beyond loopback without TLS", async () => {
    const headers = { "x-tinyplace-signature": siws(alice) };
    for (const options of [{ allowSiws: false }, { host: "0.0.0.0" }]) {
      await restart(options);
      const answer = await call(alice, "GET", "/contacts", undefined, { headers });
      expect(answer.status).toBe(401);
      expect(answer.body.error).toContain("sign each request");
    }
  });

  test("rates are bounded per agent and per address, and say when to come back", async () => {
    await restart({ limits: { agentPerMinute: 2, addressPerMinute: 5 } });
    for (let n = 0; n < 2; n++) expect((await call(alice, "GET", "/contacts")).status).toBe(200);
    const third = await call(alice, "GET", "/contacts");
    expect([third.status, Number(third.headers.get("retry-after"))]).toEqual([429, 60]);
    expect((await call(bob, "GET", "/contacts")).status).toBe(200);
    await fetch(`${relay.url}/health`);
    expect((await fetch(`${relay.url}/health`)).status).toBe(429);
    clock.time += 60_000;
    expect((await call(alice, "GET", "/contacts")).status).toBe(200);
  });
});

describe("N4 bounded requests", () => {
  test("what is too large is 413, and stored nowhere", async () => {
    await restart({ limits: { bodyBytes: 2000, batchBytes: 4000 } });
    const large = mail("1", { from: bob.address, body: "A".repeat(2000) });
    expect((await call(bob, "PUT", "/messages", large)).status).toBe(413);
    const batch = { envelopes: [large] };
    expect((await call(bob, "POST", "/messages/batch", batch)).status).toBe(200);
    const twice = { envelopes: [large, large] };
    expect((await call(bob, "POST", "/messages/batch", twice)).status).toBe(413);
  });

  test("garbage is 400 with words", async () => {
    for (const body of ["", "{", "[]", "null", '"text"', "{}"]) {
      const answer = await call(alice, "PUT", "/messages", body);
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatch(/^(bad |the body is not JSON)/);
    }
    expect((await call(alice, "POST", "/messages/batch", { envelopes: [] })).status).toBe(400);
    const many = { envelopes: Array.from({ length: 101 }, (_, n) => mail(String(n))) };
    expect((await call(alice, "POST", "/messages/batch", many)).status).toBe(400);
    expect((await fetch(`${relay.url}/no/such/route`)).status).toBe(404);
  });

  test("a full mailbox is 429 with a time to come back", async () => {
    await befriend(alice, bob);
    for (const id of ["1", "2", "3"]) await call(alice, "PUT", "/messages", mail(id));
    const full = await call(alice, "PUT", "/messages", mail("4"));
    expect([full.status, full.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(full.body).toEqual({ error: "mailbox full", code: "mailbox_full" });
    expect((await call(alice, "PUT", "/messages", mail("1"))).status).toBe(202);
  });
});

describe("N1 messages", () => {
  test("the two forms of a key are one mailbox; unknown fields are dropped", async () => {
    await befriend(alice, bob);
    const sent = mail("1", { to: bob.cryptoId, suite: "libsignal", extra: "x".repeat(100) });
    const answer = await call(alice, "PUT", "/messages", sent);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual(mail("1", { suite: "libsignal" }));
    expect(await listOf(bob)).toEqual([mail("1", { suite: "libsignal" })]);
  });

  test("the network's own envelope is kept whole", async () => {
    await befriend(alice, bob);
    const signal = {
      ratchetKey: "AAAA",
      messageNumber: 0,
      previousChainLength: 0,
      ephemeralKey: "AAAA",
      signedPreKeyId: "spk_1",
      oneTimePreKeyId: "pk_1",
    };
    const sent = mail("1", { type: "PREKEY_BUNDLE", contentHint: "DEFAULT", signal });
    await call(alice, "PUT", "/messages", sent);
    expect(await listOf(bob)).toEqual([sent]);
  });

  test("mail to oneself needs no contact; to what is no address is 404; listing is bounded", async () => {
    const self = (id: string) => mail(id, { to: alice.address });
    expect(await listOf(alice)).toBeNull();
    for (const id of ["1", "2"]) {
      expect((await call(alice, "PUT", "/messages", self(id))).status).toBe(202);
    }
    expect(await listOf(alice, "&limit=1")).toHaveLength(1);
    expect(await listOf(alice, "&limit=100000")).toHaveLength(2);
    const nowhere = await call(alice, "PUT", "/messages", mail("3", { to: "@bob" }));
    expect([nowhere.status, nowhere.body.error]).toEqual([404, "unknown recipient form"]);
    const other = `/messages?agentId=${encoded(bob.address)}`;
    expect((await call(alice, "GET", other)).status).toBe(403);
  });

  test("a batch answers each as a PUT would", async () => {
    await befriend(alice, bob);
    const envelopes = [
      mail("1"),
      mail("2", { to: carol.address }),
      mail("3", { from: bob.address }),
      { id: "4" },
      mail("1"),
      mail("5", { to: "?" }),
      mail("6"),
      mail("7"),
      mail("8"),
    ];
    const answer = await call(alice, "POST", "/messages/batch", { envelopes });
    expect(answer.status).toBe(200);
    expect(answer.body.results).toMatchObject([
      { id: "1", status: 202 },
      { id: "2", status: 403, error: "not_a_contact" },
      { id: "3", status: 403, error: "from is not the signer" },
      { id: "4", status: 400 },
      { id: "1", status: 202 },
      { id: "5", status: 404 },
      { id: "6", status: 202 },
      { id: "7", status: 202 },
      { id: "8", status: 429, error: "mailbox full" },
    ]);
    expect(await listOf(bob)).toMatchObject([{ id: "1" }, { id: "6" }, { id: "7" }]);
  });

  test("a batch of acknowledgements is for one's own mailbox", async () => {
    await befriend(alice, bob);
    await call(alice, "PUT", "/messages", mail("1"));
    const ack = (signer: Signer, agentId: string) =>
      call(signer, "POST", "/messages/ack", { agentId, ids: ["1"] });
    expect((await ack(alice, bob.address)).status).toBe(403);
    expect((await ack(alice, alice.address)).status).toBe(204);
    expect(await listOf(bob)).toHaveLength(1);
    expect((await ack(bob, bob.address)).status).toBe(204);
    expect(await listOf(bob)).toBeNull();
  });
});

describe("N1 keys", () => {
  const key = (signer: Signer, keyId: string, publicKey = "QUFBQQ==") => ({
    keyId,
    publicKey,
    signature: signer.sign(Buffer.from(publicKey, "utf8")),
  });
  const path = (signer: Signer) => `/keys/${encoded(signer.address)}`;
  const signed = { id: 1, publicKey: "AAAA", signature: "AAAA" };
  const libsignal = {
    registrationId: 7,
    deviceId: 1,
    identityKey: "AAAA",
    signedPreKey: signed,
    kyberLastResort: { ...signed, id: 9 },
    preKeys: [{ id: 1, publicKey: "AAAA" }],
    kyberPreKeys: [{ ...signed, id: 10 }],
    capabilities: [],
  };
  const bundle = async (signer: Signer) => reply(await fetch(`${relay.url}${path(signer)}/bundle`));

  test("the network's own bundle: published, counted, each one-time key served once", async () => {
    const identityKey = alice.address;
    expect((await bundle(alice)).status).toBe(404);
    const spk = key(alice, "spk_1");
    const put = await call(alice, "PUT", `${path(alice)}/signed-prekey`, {
      identityKey,
      signedPreKey: spk,
    });
    expect(put.status).toBe(204);
    const pk = key(alice, "pk_1");
    await call(alice, "PUT", `${path(alice)}/prekeys`, { identityKey, preKeys: [pk] });
    const updatedAt = new Date(START).toISOString();
    expect((await call(alice, "GET", `${path(alice)}/health`)).body).toEqual({
      agentId: alice.address,
      oneTimePreKeyCount: 1,
      lowOneTimePreKeys: true,
      recommendedPreKeyRefill: 10,
      signedPreKeyKeyId: "spk_1",
      signedPreKeyUpdatedAt: updatedAt,
      updatedAt,
    });
    const whole = { agentId: alice.address, identityKey, signedPreKey: spk, updatedAt };
    expect((await bundle(alice)).body).toEqual({ ...whole, oneTimePreKey: pk });
    expect((await bundle(alice)).body).toEqual(whole);
  });

  test("keys that the agent's key did not sign are 400, another agent's are 403", async () => {
    const prekeys = (signedBy: Signer, identityKey: string) =>
      call(alice, "PUT", `${path(alice)}/prekeys`, {
        identityKey,
        preKeys: [key(signedBy, "pk_1")],
      });
    expect((await prekeys(bob, alice.address)).status).toBe(400);
    expect((await prekeys(alice, bob.address)).status).toBe(400);
    expect((await prekeys(alice, alice.address)).status).toBe(204);
    const forBob = { identityKey: bob.address, signedPreKey: key(alice, "spk_1") };
    expect((await call(alice, "PUT", `${path(bob)}/signed-prekey`, forBob)).status).toBe(403);
    expect((await call(alice, "PUT", `${path(bob)}/libsignal`, libsignal)).status).toBe(403);
  });

  test("E2 a libsignal bundle stands alone or beside it, and falls back to the last resort", async () => {
    expect((await call(bob, "PUT", `${path(bob)}/libsignal`, libsignal)).status).toBe(204);
    expect((await call(bob, "GET", `${path(bob)}/health`)).body.libsignal).toEqual({
      preKeyCount: 1,
      kyberPreKeyCount: 1,
    });
    const first = (await bundle(bob)).body;
    expect(first).not.toHaveProperty("signedPreKey");
    expect(first.libsignal).toMatchObject({ preKey: { id: 1 }, kyberPreKey: { id: 10 } });
    const identityKey = bob.address;
    const signedPreKey = key(bob, "spk_1");
    await call(bob, "PUT", `${path(bob)}/signed-prekey`, { identityKey, signedPreKey });
    const second = (await bundle(bob)).body;
    expect(second.signedPreKey).toEqual(signedPreKey);
    expect(second.libsignal).toMatchObject({ preKey: null, kyberPreKey: { id: 9 } });
  });

  test("N4 questions for keys that nobody published take no one-time key from the hour", async () => {
    await restart({ limits: { oneTimeKeysPerHour: 1 } });
    for (let n = 0; n < 3; n++) expect((await bundle(alice)).status).toBe(404);
    await call(alice, "PUT", `${path(alice)}/libsignal`, libsignal);
    expect((await bundle(alice)).body).toMatchObject({ libsignal: { preKey: { id: 1 } } });
    expect((await bundle(alice)).body).toMatchObject({ libsignal: { preKey: null } });
  });

  test("an address with a slash in it is one path segment", async () => {
    let signer = signerOf(4);
    for (let byte = 5; !signer.address.includes("/"); byte++) signer = signerOf(byte);
    expect((await call(signer, "PUT", `${path(signer)}/libsignal`, libsignal)).status).toBe(204);
    expect((await bundle(signer)).body.agentId).toBe(signer.address);
  });

  test("the extension says what it has", async () => {
    const answer = await reply(await fetch(`${relay.url}/health`));
    expect(answer.body).toEqual({ ok: true, extensions: ["libsignal", "batch", "handles"] });
  });
});

describe("C1 contacts", () => {
  const to = (other: Signer, rest = "") => `/contacts/${other.cryptoId}${rest}`;
  const status = async (self: Signer, other: Signer) =>
    (await call(self, "GET", to(other, "/status"))).body;
  const stats = async (self: Signer) => (await call(self, "GET", "/contacts/stats")).body;

  test("ask, see, accept; asking again changes nothing", async () => {
    expect(await status(alice, bob)).toMatchObject({ agentId: bob.cryptoId, status: "none" });
    const asked = await call(alice, "POST", to(bob));
    const at = new Date(START).toISOString();
    const contact = { requester: alice.cryptoId, addressee: bob.cryptoId, createdAt: at };
    expect(asked.body).toEqual({ ...contact, status: "pending", updatedAt: at });
    expect((await call(alice, "POST", to(bob))).body).toEqual(asked.body);
    expect(await status(bob, alice)).toMatchObject({ status: "pending", direction: "incoming" });
    expect(await status(alice, bob)).toMatchObject({ status: "pending", direction: "outgoing" });
    expect(await stats(bob)).toMatchObject({ contactCount: 0, pendingIncoming: 1 });
    expect((await call(alice, "POST", to(bob, "/accept"))).status).toBe(404);
    expect((await call(bob, "POST", to(alice, "/accept"))).body.status).toBe("accepted");
    expect((await call(alice, "GET", "/contacts")).body.contacts).toMatchObject([
      { cryptoId: bob.cryptoId, status: "accepted", contact },
    ]);
    expect(await stats(bob)).toEqual({
      agentId: bob.cryptoId,
      contactCount: 1,
      pendingIncoming: 0,
      pendingOutgoing: 0,
    });
  });

  test("two requests that cross are an acceptance", async () => {
    const both = await Promise.all([call(alice, "POST", to(bob)), call(bob, "POST", to(alice))]);
    expect(both.map((one) => one.body.status).sort()).toEqual(["accepted", "pending"]);
    expect(await status(alice, bob)).toMatchObject({ status: "accepted" });
  });

  test("who is removed or declined has to ask again", async () => {
    await befriend(alice, bob);
    expect((await call(bob, "DELETE", to(alice))).status).toBe(204);
    expect((await call(bob, "DELETE", to(alice))).status).toBe(204);
    expect((await call(alice, "PUT", "/messages", mail("1"))).body.error).toBe("not_a_contact");
  });

  test("a block stops mail and requests, and only who blocked can end it", async () => {
    await befriend(alice, bob);
    const blocked = await call(bob, "POST", to(alice, "/block"));
    expect(blocked.body).toMatchObject({ status: "blocked", blockedBy: bob.cryptoId });
    expect(blocked.body).not.toHaveProperty("blockers");
    expect((await call(alice, "PUT", "/messages", mail("1"))).status).toBe(403);
    expect((await call(alice, "POST", to(bob))).status).toBe(403);
    expect((await call(alice, "DELETE", to(bob))).status).toBe(403);
    await call(alice, "POST", to(bob, "/unblock"));
    expect(await status(alice, bob)).toMatchObject({ status: "blocked" });
    await call(alice, "POST", to(bob, "/block"));
    await call(bob, "POST", to(alice, "/unblock"));
    expect(await status(bob, alice)).toMatchObject({ status: "blocked" });
    await call(alice, "POST", to(bob, "/unblock"));
    expect(await status(bob, alice)).toMatchObject({ status: "none" });
  });

  /** What stands already, between an agent and so many that nobody is. */
  const fill = (count: number, edgeWith: (somebody: string) => ContactEdge) =>
    Promise.all(
      Array.from({ length: count }, (_, n) => {
        const edge = edgeWith(`somebody-${n}`);
        return store.changeContact(edge.requester, edge.addressee, () => edge);
      }),
    );
  const block = (blocker: string, addressee: string): ContactEdge => ({
    ...{ requester: blocker, addressee, status: "blocked", blockedBy: blocker },
    ...{ blockers: [blocker], createdAt: "", updatedAt: "" },
  });

  test("N4 strangers' blocks take none of an agent's room for contacts", async () => {
    await fill(5000, (somebody) => block(somebody, bob.cryptoId));
    expect((await call(alice, "POST", to(bob))).status).toBe(200);
    expect((await call(bob, "POST", to(carol))).status).toBe(200);
  });

  test("N4 an agent's own blocks have an end, and it answers and blocks who asked all the same", async () => {
    await call(alice, "POST", to(bob));
    await fill(4999, (somebody) => block(bob.cryptoId, somebody));
    for (const refused of [
      await call(bob, "POST", to(carol, "/block")),
      await call(bob, "POST", to(carol)),
      await call(carol, "POST", to(bob)),
    ]) {
      expect([refused.status, refused.body.code]).toEqual([429, "contact_limit"]);
    }
    expect((await call(bob, "POST", to(alice, "/accept"))).status).toBe(200);
    expect((await call(bob, "POST", to(alice, "/block"))).body.status).toBe("blocked");
    await call(bob, "POST", to(alice, "/unblock"));
    expect((await call(bob, "POST", to(carol, "/block"))).body.status).toBe("blocked");
  });

  test("nobody is a contact of itself, and lists come in pages", async () => {
    expect((await call(alice, "POST", to(alice))).status).toBe(400);
    await befriend(alice, bob);
    await befriend(alice, carol);
    const page = async (query: string) =>
      (await call(alice, "GET", `/contacts?${query}`)).body.contacts as { cryptoId: string }[];
    const [first, second] = [await page("limit=1"), await page("limit=1&offset=1")];
    expect(
      [first, second]
        .flat()
        .map((one) => one.cryptoId)
        .sort(),
    ).toEqual([bob.cryptoId, carol.cryptoId].sort());
  });
});

describe("N1 doorbell", () => {
  const stream = (authorization: string, options: ClientOptions = {}) =>
    new WebSocket(
      `${relay.url.replace("http", "ws")}/inbox/stream?authorization=${encoded(authorization)}`,
      options,
    );
  /** 101 for an open socket, else the status of the refusal. */
  const statusOf = (socket: WebSocket) =>
    new Promise<number>((resolve) => {
      socket.on("open", () => resolve(101));
      socket.on("unexpected-response", (_request, response) => {
        resolve(response.statusCode ?? 0);
        socket.terminate();
      });
      socket.on("error", () => {});
    });

  test("is opened by a signature or a token, and refused before the upgrade otherwise", async () => {
    const date = new Date(clock.now()).toISOString();
    const bearer = `tiny.place ${alice.cryptoId}:${siws(alice)}:${date}`;
    expect(await statusOf(stream(streamAuthorization(alice, clock.now())))).toBe(101);
    expect(await statusOf(stream(bearer))).toBe(101);
    const stale = streamAuthorization(alice, clock.now() - 301_000);
    const other = streamAuthorization(alice, clock.now()).replace(alice.cryptoId, bob.cryptoId);
    for (const refused of ["", "Bearer x", stale, other]) {
      expect(await statusOf(stream(refused))).toBe(401);
    }
  });

  test("N4 counts for the address that a trusted proxy names, as requests do", async () => {
    const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
    const open = (address: string) =>
      statusOf(stream(streamAuthorization(alice, clock.now()), from(address)));
    await restart({ trustProxy: ["127.0.0.1"], limits: { addressPerMinute: 2 } });
    for (const status of [101, 101, 429]) expect(await open("203.0.113.9")).toBe(status);
    expect((await fetch(`${relay.url}/health`, from("203.0.113.9"))).status).toBe(429);
    expect(await open("198.51.100.7")).toBe(101);
    expect((await fetch(`${relay.url}/health`, from("198.51.100.7"))).status).toBe(200);
    expect(await open("203.0.113.9, 198.51.100.7")).toBe(429);
  });

  test("rings for stored mail once, for a repeat not at all", async () => {
    await befriend(alice, bob);
    const socket = stream(streamAuthorization(bob, clock.now()));
    expect(await statusOf(socket)).toBe(101);
    const frames: string[] = [];
    socket.on("message", (data) => frames.push(String(data)));
    const envelopes = [mail("1"), mail("2")];
    await call(alice, "POST", "/messages/batch", { envelopes });
    await call(alice, "PUT", "/messages", mail("1"));
    // The pong comes after every frame that was sent before it.
    socket.ping();
    await once(socket, "pong");
    expect(frames.map((one) => JSON.parse(one).event)).toEqual(["new_item"]);
    socket.terminate();
  });

  test("ends a doorbell that answers no ping, and asks none that pings by itself", async () => {
    const time = new ManualTime(START);
    await restart({ timers: time });
    const silent = stream(streamAuthorization(alice, clock.now()), { autoPong: false });
    const pinging = stream(streamAuthorization(bob, clock.now()));
    expect([await statusOf(silent), await statusOf(pinging)]).toEqual([101, 101]);
    let asked = 0;
    pinging.on("ping", () => asked++);
    const ping = async () => {
      pinging.ping();
      await once(pinging, "pong");
    };
    await ping();
    const pinged = once(silent, "ping");
    time.advance(30_000);
    await pinged;
    await ping();
    const ended = once(silent, "close");
    time.advance(30_000);
    await ended;
    await ping();
    expect([asked, pinging.readyState]).toEqual([0, WebSocket.OPEN]);
    pinging.terminate();
  });

  test("beats as seldom as it is told", async () => {
    const time = new ManualTime(START);
    await restart({ timers: time, heartbeatMs: 300_000 });
    const silent = stream(streamAuthorization(alice, clock.now()), { autoPong: false });
    expect(await statusOf(silent)).toBe(101);
    let asked = 0;
    silent.on("ping", () => asked++);
    time.advance(299_999);
    silent.ping();
    await once(silent, "pong");
    expect(asked).toBe(0);
    // It pinged in this beat: it is asked with the next one.
    time.advance(1);
    const pinged = once(silent, "ping");
    time.advance(300_000);
    await pinged;
    silent.terminate();
  });

  test("a malformed upgrade is refused, and the relay goes on", async () => {
    for (const target of ["//", "/\\", "http://[/", "/inbox/stream?authorization=%"]) {
      const socket = connect(relay.port, "127.0.0.1");
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      socket.resume();
      await once(socket, "close");
    }
    expect((await fetch(`${relay.url}/health`)).status).toBe(200);
  });
});
