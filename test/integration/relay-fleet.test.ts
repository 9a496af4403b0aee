import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../electron/platform/clock.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { createSigner, type Signer, signedHeaders } from "../../electron/relay/signing.ts";
import { readNatsAddress } from "../../electron/relay/store/jetstream/address.ts";
import { JetStreamRelayStore } from "../../electron/relay/store/jetstream/jetstream-store.ts";
import type { RelayStore } from "../../electron/relay/store/store.ts";
import type { RelayListener } from "../../electron/relay/transport.ts";
import { NatsCluster } from "../support/nats-cluster.ts";
import { callRelay } from "../support/relay-call.ts";

const LAYOUT = { mail: 2, tombstones: 1, keys: 1, nonces: 1 };
let cluster: NatsCluster;
let stores: RelayStore[];
let relays: RelayServer[];

beforeAll(async () => {
  cluster = await NatsCluster.start(3);
  const address = readNatsAddress(`${cluster.url}?fleet=two`);
  stores = await Promise.all(
    [0, 1].map(() => JetStreamRelayStore.open(address, { layout: LAYOUT })),
  );
  relays = await Promise.all(stores.map((store) => startRelay({ store, port: 0 })));
});

afterAll(async () => {
  for (const relay of relays) await relay.close();
  for (const store of stores) await store.close();
  await cluster.close();
});

let seeds = 0;
const newAgent = () => createSigner(new Uint8Array(32).fill(++seeds));
const at = (index: number) => ({ url: relays[index]?.url ?? "", now: Date.now() });

function clientOf(signer: Signer, index: number): HttpRelayTransport {
  const client = new HttpRelayTransport(at(index).url, signer, systemClock);
  onTestFinished(() => client.close());
  return client;
}

const envelope = (from: Signer, to: Signer, id: string) => ({
  id,
  from: from.address,
  to: to.address,
  timestamp: new Date().toISOString(),
  deviceId: 1,
  type: "CIPHERTEXT" as const,
  body: "AAAA",
  suite: "libsignal" as const,
});

async function befriend(a: Signer, b: Signer): Promise<void> {
  await clientOf(a, 0).requestContact(b.cryptoId);
  await clientOf(b, 1).acceptContact(a.cryptoId);
}

test("N3 any relay serves any agent: contacts, mail, doorbells and leases meet in the store", async () => {
  const [alice, bob] = [newAgent(), newAgent()];
  await befriend(alice, bob);
  const reader = clientOf(bob, 1);
  let rings = 0;
  const brought: string[] = [];
  const online = new Promise<void>((resolve) => {
    const state = (now: string) => now === "online" && resolve();
    const doorbell: RelayListener["doorbell"] = (_at, page) => {
      rings++;
      brought.push(...(page?.envelopes.map((one) => one.id) ?? []));
    };
    reader.open({ doorbell, state });
  });
  await online;
  const before = rings;
  await expect.poll(() => relays[1]?.listeners()).toContain(bob.cryptoId);
  const put = await clientOf(alice, 0).put([envelope(alice, bob, "one")]);
  expect(put).toMatchObject([{ id: "one", accepted: true }]);
  await expect.poll(() => rings).toBeGreaterThan(before);
  // What was put at one relay travels with the ring of another.
  expect(brought).toEqual(["one"]);
  expect((await reader.list(50)).envelopes).toMatchObject([{ id: "one" }]);
  await clientOf(bob, 0).acknowledge(["one"]);
  expect((await reader.list(50)).envelopes).toEqual([]);
  expect(await clientOf(alice, 1).put([envelope(alice, bob, "one")])).toMatchObject([
    { accepted: true },
  ]);
  expect((await reader.list(50)).envelopes).toEqual([]);
});

test("N3 mail that a relay stored and did not ring for rings when it is offered again", async () => {
  const [alice, bob] = [newAgent(), newAgent()];
  await befriend(alice, bob);
  let rings = 0;
  const doorbell: RelayListener["doorbell"] = (rung) => void (rung === "mail" && rings++);
  clientOf(bob, 1).open({ doorbell, state: () => {} });
  await expect.poll(() => relays[1]?.listeners()).toContain(bob.cryptoId);
  const one = envelope(alice, bob, "one");
  // As a relay does that is killed before it rings.
  const delivery = { mailbox: bob.cryptoId, sender: alice.cryptoId, envelope: one };
  expect(await stores[0]?.putEnvelopes([delivery], Date.now())).toEqual(["stored"]);
  expect(await clientOf(alice, 1).put([one])).toMatchObject([{ id: "one", accepted: true }]);
  await expect.poll(() => rings).toBe(1);
});

test("N4 a nonce that one relay took is refused by the others", async () => {
  const alice = newAgent();
  const uri = "/contacts";
  const signed = signedHeaders(alice, {
    method: "GET",
    uri,
    body: null,
    actor: alice.cryptoId,
    now: Date.now(),
  });
  const call = (index: number) => fetch(at(index).url + uri, { headers: signed });
  expect((await call(0)).status).toBe(200);
  const second = await call(1);
  expect(second.status).toBe(401);
  expect(await second.json()).toEqual({ error: "replayed nonce" });
});

test("N3 one-time keys asked of two relays at once are each served once", async () => {
  const bob = newAgent();
  const signed = (id: number) => ({ id, publicKey: "AAAA", signature: "AAAA" });
  const preKeys = Array.from({ length: 30 }, (_, id) => ({ id: id + 1, publicKey: "AAAA" }));
  await clientOf(bob, 0).publishBundle({
    registrationId: 1,
    deviceId: 1,
    identityKey: "AAAA",
    signedPreKey: signed(1),
    kyberLastResort: signed(900),
    preKeys,
    kyberPreKeys: [],
    capabilities: [],
  });
  const bundles = await Promise.all(
    preKeys.map(async (_, index) => {
      const answer = await callRelay(at(index % 2), bob, {
        method: "GET",
        uri: `/keys/${encodeURIComponent(bob.address)}/bundle`,
      });
      return (answer.body.libsignal as { preKey: { id: number } | null }).preKey?.id;
    }),
  );
  expect(bundles.toSorted((a = 0, b = 0) => a - b)).toEqual(preKeys.map((key) => key.id));
});

test("N3 a NATS node that is killed takes nothing with it, and comes back", async () => {
  const [alice, bob] = [newAgent(), newAgent()];
  await befriend(alice, bob);
  const sender = clientOf(alice, 0);
  const ids = Array.from({ length: 60 }, (_, index) => `m${index}`);
  const first = await sender.put(ids.slice(0, 20).map((id) => envelope(alice, bob, id)));
  expect(first.filter((one) => one.accepted)).toHaveLength(20);
  await cluster.nodes[1]?.stop("SIGKILL");
  const left = new Set(ids.slice(20));
  await expect
    .poll(async () => {
      const batch = [...left].map((id) => envelope(alice, bob, id));
      const outcomes = await sender.put(batch).catch(() => []);
      for (const one of outcomes) if (one.accepted) left.delete(one.id);
      return left.size;
    })
    .toBe(0);
  cluster.nodes[1]?.start();
  await expect
    .poll(async () => {
      const page = await clientOf(bob, 1)
        .list(100)
        .catch(() => null);
      return page?.envelopes.map((one) => one.id);
    })
    .toEqual(ids);
});
