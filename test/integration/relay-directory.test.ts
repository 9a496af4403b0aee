import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { createSigner, type Signer } from "../../electron/relay/signing.ts";
import { MemoryRelayStore } from "../../electron/relay/store/memory-store.ts";
import { callRelay, reply } from "../support/relay-call.ts";

const NOW = 1_800_000_000_000;
const AT = new Date(NOW).toISOString();
const clock = { now: () => NOW };
const signerOf = (byte: number) => createSigner(new Uint8Array(32).fill(byte));
const [alice, bob] = [signerOf(1), signerOf(2)];
const encoded = encodeURIComponent;

let relay: RelayServer;

beforeEach(async () => {
  const store = new MemoryRelayStore({ handleLimit: 2 });
  relay = await startRelay({ store, port: 0, clock });
});

afterEach(() => relay.close());

const call = (signer: Signer, method: string, uri: string, body?: unknown, sent = {}) =>
  callRelay({ url: relay.url, now: NOW }, signer, { method, uri, body }, sent);
const get = async (uri: string) => reply(await fetch(relay.url + uri));
const handle = (name: string) => `/directory/handles/${encoded(name)}`;
const resolve = (name: string) => get(`/directory/resolve/${encoded(name)}`);
const card = (signer: Signer) => `/directory/agents/${signer.cryptoId}`;

describe("N1 handles", () => {
  const identity = {
    username: "@ann",
    cryptoId: alice.cryptoId,
    publicKey: alice.address,
    registeredAt: AT,
    expiresAt: "9999-12-31T23:59:59.999Z",
    status: "active",
    updatedAt: AT,
  };

  test("a claimed handle resolves for everybody, in any case, and back", async () => {
    expect((await resolve("@ann")).status).toBe(404);
    const claimed = await call(alice, "PUT", handle("@Ann"));
    expect([claimed.status, claimed.body]).toEqual([200, identity]);
    expect((await call(alice, "PUT", handle("@ann"))).body).toEqual(identity);
    expect((await resolve("@ANN")).body).toEqual({ identity });
    expect((await get(`/directory/reverse/${alice.cryptoId}`)).body).toEqual({
      cryptoId: alice.cryptoId,
      identities: [identity],
    });
    expect((await get(`/directory/reverse/${bob.cryptoId}`)).body.identities).toEqual([]);
  });

  test("it is the first claimer's alone, until it is given back", async () => {
    await call(alice, "PUT", handle("@ann"));
    const second = await call(bob, "PUT", handle("@ann"));
    expect([second.status, second.body]).toEqual([409, { error: "handle_taken" }]);
    expect((await call(bob, "DELETE", handle("@ann"))).status).toBe(404);
    expect((await call(alice, "DELETE", handle("@ann"))).status).toBe(204);
    expect((await resolve("@ann")).status).toBe(404);
    expect((await call(bob, "PUT", handle("@ann"))).body).toMatchObject({ cryptoId: bob.cryptoId });
  });

  test("claims are signed, of a handle's shape, and bounded per agent", async () => {
    const unsigned = await fetch(relay.url + handle("@ann"), { method: "PUT" });
    expect(unsigned.status).toBe(401);
    const asBob = await call(alice, "PUT", handle("@ann"), undefined, { actor: bob.address });
    expect(asBob.status).toBe(403);
    const wrong = [
      "ann",
      "@",
      "@-ann",
      "@ann.",
      "@a b",
      "@änn",
      "@\u212Aate",
      `@${"a".repeat(32)}`,
    ];
    for (const name of wrong) {
      expect([name, (await call(alice, "PUT", handle(name))).status]).toEqual([name, 400]);
      expect((await resolve(name)).status).toBe(404);
    }
    for (const name of ["@a", `@${"a".repeat(31)}`]) {
      expect((await call(alice, "PUT", handle(name))).status).toBe(200);
    }
    const third = await call(alice, "PUT", handle("@ann"));
    expect([third.status, third.body]).toEqual([403, { error: "handle_limit" }]);
  });
});

describe("N1 cards", () => {
  const sent = { name: "Ann", skills: ["review"], endpoints: {} };
  const stored = {
    ...sent,
    agentId: alice.cryptoId,
    cryptoId: alice.cryptoId,
    publicKey: alice.address,
    createdAt: AT,
    updatedAt: AT,
  };

  test("a card is its agent's own, found by id, key and handle, and removed again", async () => {
    expect((await get(card(alice))).status).toBe(404);
    expect((await call(bob, "PUT", card(alice), sent)).status).toBe(403);
    const put = await call(alice, "PUT", card(alice), { ...sent, agentId: bob.cryptoId });
    expect([put.status, put.body]).toEqual([200, stored]);
    expect((await get(card(alice))).body).toEqual(stored);
    await call(alice, "PUT", handle("@ann"));
    expect((await resolve("@ann")).body.agent).toEqual(stored);
    expect((await get(`/directory/reverse/${alice.cryptoId}`)).body.agents).toEqual([stored]);
    const byKey = (key: string) => get(`/directory/agents?limit=5&encryptionKey=${encoded(key)}`);
    expect((await byKey(alice.address)).body).toEqual({ agents: [stored] });
    expect((await byKey(bob.address)).body).toEqual({ agents: [] });
    expect((await byKey("nonsense")).body).toEqual({ agents: [] });
    expect((await get("/directory/agents")).body).toEqual({ agents: [stored] });
    expect((await get("/directory/agents?offset=1")).body).toEqual({ agents: [] });
    expect((await call(bob, "DELETE", card(alice))).status).toBe(403);
    expect((await call(alice, "DELETE", card(alice))).status).toBe(204);
    expect((await get(card(alice))).status).toBe(404);
  });

  test("another's key, no name, too much, and garbage are refused", async () => {
    const refused = async (body: unknown) => (await call(alice, "PUT", card(alice), body)).status;
    expect(await refused({ name: "Ann", publicKey: bob.address })).toBe(400);
    expect(await refused({ name: "A", metadata: { encryptionPublicKey: bob.address } })).toBe(400);
    expect(await refused({})).toBe(400);
    expect(await refused("{")).toBe(400);
    expect(await refused({ name: "Ann", note: "x".repeat(17_000) })).toBe(413);
    expect((await get("/directory/agents?limit=0")).status).toBe(400);
    expect((await get(card(alice))).status).toBe(404);
  });
});

describe("N1 the client's side", () => {
  const transport = (signer: Signer, url = relay.url) => new HttpRelayTransport(url, signer, clock);

  test("takes the key that mail is encrypted for, from whatever another relay names", async () => {
    let answer: unknown;
    const server = createServer((_request, response) => {
      response.writeHead(answer === null ? 405 : 200).end(JSON.stringify(answer));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const a = transport(alice, url);
    const bobsKey = { publicKey: bob.address };
    try {
      for (const known of [
        {
          identity: null,
          agent: { publicKey: "?", metadata: { encryptionPublicKey: bob.address } },
        },
        { identity: { publicKey: alice.address }, agent: bobsKey },
        { identity: bobsKey },
        { identity: { cryptoId: bob.cryptoId }, agent: {} },
        { agent: { agentId: bob.cryptoId } },
      ]) {
        answer = known;
        expect(await a.resolveHandle("@bob")).toBe(bob.cryptoId);
      }
      for (const unreadable of [{ identity: null, agent: {} }, { identity: "x" }, [], null]) {
        answer = unreadable;
        await expect(a.resolveHandle("@bob")).rejects.toMatchObject({ code: "relay_refused" });
      }
      const next = expect.stringMatching(/that network/);
      await expect(a.claimHandle("@a")).rejects.toMatchObject({ code: "relay_refused", next });
    } finally {
      await a.close();
      server.close();
    }
  });

  test("claims, resolves, lists and releases; each refusal says what to do", async () => {
    const [a, b] = [transport(alice), transport(bob)];
    try {
      expect(await b.resolveHandle("@ann")).toBeNull();
      await a.claimHandle("@ann");
      expect(await b.resolveHandle("@ann")).toBe(alice.cryptoId);
      await call(alice, "PUT", card(alice), { name: "Ann" });
      expect(await b.resolveHandle("@ann")).toBe(alice.cryptoId);
      expect(await a.handlesOf(alice.cryptoId)).toEqual(["@ann"]);
      const taken = b.claimHandle("@ann");
      await expect(taken).rejects.toMatchObject({ code: "handle_taken", next: /another/ });
      await a.claimHandle("@ann2");
      await expect(a.claimHandle("@ann3")).rejects.toMatchObject({
        code: "relay_refused",
        next: expect.stringMatching(/release/),
      });
      await expect(b.releaseHandle("@ann")).rejects.toMatchObject({ code: "handle_unknown" });
      await a.releaseHandle("@ann");
      expect(await b.resolveHandle("@ann")).toBeNull();
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
  });
});
