import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { LocalBells } from "../../electron/relay/embedded/local-bells.ts";
import { LocalRoutes } from "../../electron/relay/embedded/local-routes.ts";
import { LocalRelayTransport } from "../../electron/relay/embedded/local-transport.ts";
import { SILENT } from "../../electron/relay/server/observer.ts";
import { NO_RATES, RateLimits } from "../../electron/relay/server/rate-limit.ts";
import { relayRoutes } from "../../electron/relay/server/routes.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { createSigner, type Signer, signedHeaders } from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import type { ContactEdge } from "../../electron/relay/store/store.ts";
import type { RelayTransport } from "../../electron/relay/transport.ts";
import type { RelayEnvelope, Ring, RungFor } from "../../electron/relay/wire.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const clock = {
  time: 1_800_000_000_000,
  now() {
    return this.time;
  },
};
const alice = createSigner(new Uint8Array(32).fill(1));
const bob = createSigner(new Uint8Array(32).fill(2));
let relay: RelayServer;
let store: SqliteRelayStore;
let transports: RelayTransport[];

beforeEach(async () => {
  clock.time = 1_800_000_000_000;
  store = new SqliteRelayStore(join(temporaryHome(), "relay.db"), { mailboxLimit: 3 });
  relay = await startRelay({ store, port: 0, clock });
  transports = [];
});

afterEach(async () => {
  await Promise.all(transports.map((one) => one.close()));
  await relay.close();
  await store.close();
});

type Way = (signer: Signer) => RelayTransport;

function transport(signer: Signer): RelayTransport {
  const one = new HttpRelayTransport(relay.url, signer, clock);
  transports.push(one);
  return one;
}

/** Agents of the relay's own process: one set of doorbells for all of a test. */
function withinTheProcess(): Way {
  let parts: { routes: LocalRoutes; bells: LocalBells; store: SqliteRelayStore } | null = null;
  return (signer) => {
    if (parts?.store !== store) {
      const bells = new LocalBells();
      const rates = new RateLimits(clock, NO_RATES);
      const ring = async (agent: string, what: Ring) => bells.ring(agent, what);
      const routes = relayRoutes({ store, clock, rates, observer: SILENT, ring });
      parts = { routes: new LocalRoutes(routes), bells, store };
    }
    const { routes, bells } = parts;
    const one = new LocalRelayTransport({
      ...{ url: relay.url, routes, bells, agent: signer, installation: null },
    });
    transports.push(one);
    return one;
  };
}

async function friends(way: Way = transport): Promise<[RelayTransport, RelayTransport]> {
  const [a, b] = [way(alice), way(bob)];
  await a.requestContact(bob.cryptoId);
  await b.acceptContact(alice.cryptoId);
  return [a, b];
}

const envelope = (id: string, changes: Partial<RelayEnvelope> = {}): RelayEnvelope => ({
  id,
  from: alice.address,
  to: bob.address,
  timestamp: new Date(clock.now()).toISOString(),
  deviceId: 1,
  type: "CIPHERTEXT",
  body: "AAAA",
  suite: "libsignal",
  ...changes,
});

describe.each([
  ["over HTTP", () => transport],
  ["within the process", withinTheProcess],
] as const)("N1 mail over the relay, %s", (_name, wayOf) => {
  const way = wayOf();

  test("put, list, acknowledge; one by one and in batches", async () => {
    const [a, b] = await friends(way);
    expect(await a.put([envelope("m1")])).toMatchObject([{ accepted: true }]);
    expect(await a.put([envelope("m2"), envelope("m3")])).toHaveLength(2);
    expect((await b.list(50)).envelopes.map((one) => one.id)).toEqual(["m1", "m2", "m3"]);
    await b.acknowledge(["m1"]);
    await b.acknowledge(["m2", "m3", "never"]);
    expect((await b.list(50)).envelopes).toEqual([]);
  });

  test("a page says whether the mailbox holds more", async () => {
    const [a, b] = await friends(way);
    for (const id of ["m1", "m2"]) await a.put([envelope(id)]);
    expect(await b.list(1)).toMatchObject({ envelopes: [{ id: "m1" }], more: true });
    expect(await b.list(2)).toMatchObject({ envelopes: [{ id: "m1" }, { id: "m2" }], more: false });
  });

  test("a page that ends before a large envelope says that there is more", async () => {
    const [a, b] = await friends(way);
    await a.put([envelope("small")]);
    // Each of its characters is six in JSON: it alone is more than a page holds.
    const large = envelope("large", { body: "\u0001".repeat(1_400_000) });
    const delivery = { mailbox: bob.cryptoId, sender: alice.cryptoId, envelope: large };
    await store.putEnvelopes([delivery], clock.now());
    expect(await b.list(50)).toMatchObject({ envelopes: [{ id: "small" }], more: true });
    await b.acknowledge(["small"]);
    expect(await b.list(50)).toMatchObject({ envelopes: [{ id: "large" }], more: false });
  });

  test("an id that no URL can hold is refused, and acknowledged where one was stored", async () => {
    const [a, b] = await friends(way);
    const half = envelope("half \ud83d");
    expect(await a.put([half])).toMatchObject([{ accepted: false, status: 400, permanent: true }]);
    const delivery = { mailbox: bob.cryptoId, sender: alice.cryptoId, envelope: half };
    await store.putEnvelopes([delivery], clock.now());
    await a.put([envelope("whole")]);
    const page = await b.list(50);
    expect(page).toMatchObject({ envelopes: [{ id: "whole" }], malformed: [{ id: half.id }] });
    await b.acknowledge([half.id]);
    expect(await b.list(50)).toMatchObject({ envelopes: [{ id: "whole" }], malformed: [] });
  });

  test("the doorbell rings for stored mail and for contacts, and says which", async () => {
    const [a, b] = await friends(way);
    let rung: (at: RungFor | null) => void = () => {};
    let opened = () => {};
    const open = new Promise<void>((resolve) => {
      opened = resolve;
    });
    b.open({ doorbell: (at) => rung(at), state: (state) => state === "online" && opened() });
    await open;
    const next = () =>
      new Promise<RungFor | null>((resolve) => {
        rung = resolve;
      });
    const [mail] = await Promise.all([next(), a.put([envelope("m1")])]);
    expect(mail).toBe("mail");
    const [contacts] = await Promise.all([next(), a.removeContact(bob.cryptoId)]);
    expect(contacts).toBe("contacts");
  });

  test("C1 strangers are refused until the contact is accepted", async () => {
    const [a, b] = [way(alice), way(bob)];
    expect(await a.put([envelope("m1")])).toMatchObject([
      { accepted: false, permanent: false, error: "not_a_contact" },
    ]);
    await a.requestContact(bob.cryptoId);
    expect(await b.contactRequests()).toEqual({
      incoming: [{ agentId: alice.cryptoId }],
      outgoing: [],
    });
    await b.acceptContact(alice.cryptoId);
    expect(await a.contacts()).toEqual([{ agentId: bob.cryptoId, status: "accepted" }]);
    expect(await a.put([envelope("m1")])).toMatchObject([{ accepted: true }]);
  });

  test("N4 requests for contact that come at once stay within their bound", async () => {
    const others = Array.from({ length: 203 }, (_, n) => Buffer.alloc(32, 3).fill(n, 0, 1)).map(
      (seed) => createSigner(seed).cryptoId,
    );
    const ask = (requester: string, addressee: string): ContactEdge => ({
      ...{ requester, addressee, status: "pending", createdAt: "", updatedAt: "" },
    });
    const first = others.slice(0, 199).map((one) => ask(alice.cryptoId, one));
    await Promise.all(
      first.map((edge) => store.changeContact(edge.requester, edge.addressee, () => edge)),
    );
    const a = way(alice);
    const asked = await Promise.allSettled(others.slice(199).map((one) => a.requestContact(one)));
    expect(asked.filter((one) => one.status === "fulfilled")).toHaveLength(1);
    expect((await a.contactRequests()).outgoing).toHaveLength(200);
  });

  test("N4 a full mailbox says so and takes mail again later", async () => {
    const [a, b] = await friends(way);
    for (const id of ["1", "2", "3"]) await a.put([envelope(id)]);
    expect(await a.put([envelope("4")])).toMatchObject([{ accepted: false, permanent: false }]);
    await b.acknowledge(["1"]);
    expect(await a.put([envelope("4")])).toMatchObject([{ accepted: true }]);
  });

  test("D2 a repeated envelope is accepted and stored once, also after it was deleted", async () => {
    const [a, b] = await friends(way);
    await a.put([envelope("m1")]);
    await a.put([envelope("m1")]);
    expect((await b.list(50)).envelopes).toHaveLength(1);
    await b.acknowledge(["m1"]);
    clock.time += 7 * 24 * 3600 * 1000;
    expect(await a.put([envelope("m1")])).toMatchObject([{ accepted: true }]);
    expect((await b.list(50)).envelopes).toEqual([]);
  });

  test("E2 one-time keys are served once, then the last-resort Kyber key", async () => {
    const [a, b] = [way(alice), way(bob)];
    expect(await a.fetchBundle(bob.address)).toBeNull();
    const signed = (id: number) => ({ id, publicKey: "AAAA", signature: "AAAA" });
    await b.publishBundle({
      registrationId: 7,
      deviceId: 1,
      identityKey: "AAAA",
      signedPreKey: signed(1),
      kyberLastResort: signed(9),
      preKeys: [{ id: 1, publicKey: "AAAA" }],
      kyberPreKeys: [signed(10)],
      capabilities: [],
    });
    expect((await b.keyHealth()).libsignal).toEqual({ preKeyCount: 1, kyberPreKeyCount: 1 });
    const first = (await a.fetchBundle(bob.address))?.libsignal;
    expect([first?.preKey?.id, first?.kyberPreKey.id]).toEqual([1, 10]);
    const second = (await a.fetchBundle(bob.address))?.libsignal;
    expect([second?.preKey, second?.kyberPreKey.id]).toEqual([null, 9]);
  });

  test("nobody sends in another's name", async () => {
    const [a] = await friends(way);
    const answer = await a.put([envelope("m1", { from: bob.address })]);
    expect(answer).toMatchObject([{ accepted: false, error: "from is not the signer" }]);
  });

  test("a mailbox is drained by the installation that leased it", async () => {
    const [a, b] = await friends(way);
    await a.put([envelope("m1")]);
    const lease = { installation: "first", host: "there", since: "2027-01-15T08:00:00.000Z" };
    await store.takeLease(bob.cryptoId, lease, false);
    await expect(b.list(50)).rejects.toMatchObject({ code: "mailbox_leased" });
    await expect(b.acknowledge(["m1"])).rejects.toMatchObject({ code: "mailbox_leased" });
    const { texts } = await store.envelopes(bob.cryptoId, { limit: 9, maxSize: 9999 });
    expect(texts).toHaveLength(1);
  });

  test("handles are claimed, found, refused to others and given back", async () => {
    const [a, b] = [way(alice), way(bob)];
    await a.claimHandle("@alice");
    expect(await b.resolveHandle("@alice")).toBe(alice.cryptoId);
    expect(await b.handlesOf(alice.cryptoId)).toEqual(["@alice"]);
    await expect(b.claimHandle("@alice")).rejects.toMatchObject({ code: "handle_taken" });
    await expect(b.releaseHandle("@alice")).rejects.toMatchObject({ code: "handle_unknown" });
    await a.releaseHandle("@alice");
    expect(await b.resolveHandle("@alice")).toBeNull();
  });

  test("contacts are asked for, listed, blocked and refused with the same words", async () => {
    const [a, b] = await friends(way);
    expect(await a.contactStatus(bob.cryptoId)).toBe("accepted");
    await b.blockContact(alice.cryptoId);
    expect(await a.contactStatus(bob.cryptoId)).toBe("blocked");
    await expect(a.requestContact(bob.cryptoId)).rejects.toMatchObject({ code: "contact_blocked" });
    await b.removeContact(alice.cryptoId);
    expect(await a.contacts()).toEqual([]);
    await expect(b.acceptContact(alice.cryptoId)).rejects.toMatchObject({
      code: "contact_unknown",
    });
    await expect(a.requestContact("nobody")).rejects.toMatchObject({
      code: "relay_refused",
    });
  });

  test("keys of the network's own cipher are checked, counted and served once", async () => {
    const [a, b] = [way(alice), way(bob)];
    const key = (keyId: string, signer = bob) => {
      const publicKey = Buffer.alloc(32, keyId).toString("base64");
      return { keyId, publicKey, signature: signer.sign(Buffer.from(publicKey, "utf8")) };
    };
    await b.publishSdkKeys(key("signed"), [key("one")]);
    expect((await b.keyHealth()).sdk).toEqual({ signedPreKeyId: "signed", oneTimePreKeyCount: 1 });
    expect((await a.fetchBundle(bob.address))?.sdk?.oneTimePreKey?.keyId).toBe("one");
    expect((await a.fetchBundle(bob.address))?.sdk?.oneTimePreKey).toBeNull();
    expect(await a.capabilities(bob.address)).toBeNull();
    await expect(b.publishSdkKeys(key("forged", alice), [])).rejects.toMatchObject({
      code: "relay_refused",
    });
  });
});

describe("N4 signed requests", () => {
  const uri = `/messages?agentId=${encodeURIComponent(alice.address)}&limit=50`;
  const headers = (changes: Partial<Parameters<typeof signedHeaders>[1]> = {}) =>
    signedHeaders(alice, {
      method: "GET",
      uri,
      body: null,
      actor: alice.address,
      now: clock.now(),
      ...changes,
    });
  const get = async (sent: Record<string, string>) => {
    const answer = await fetch(relay.url + uri, { headers: sent });
    return [answer.status, ((await answer.json()) as { error?: string }).error];
  };

  test("an honest one is answered, a repeated one is not", async () => {
    const sent = headers();
    expect(await get(sent)).toEqual([200, undefined]);
    expect(await get(sent)).toEqual([401, "replayed nonce"]);
  });

  test("forged, stale and misattributed ones are refused", async () => {
    expect(await get(headers({ uri: "/messages" }))).toEqual([401, "invalid signature"]);
    expect(await get(headers({ now: clock.now() - 301_000 }))).toEqual([
      401,
      "stale signature date",
    ]);
    expect(await get(headers({ now: clock.now() + 301_000 }))).toEqual([
      401,
      "stale signature date",
    ]);
    expect(await get(headers({ actor: bob.address }))).toEqual([
      403,
      "actor does not match signing key",
    ]);
    expect(await get({})).toEqual([401, "missing x-tinyplace-public-key"]);
  });
});

test("N1 a relay that is away is a clear error", async () => {
  const gone = new HttpRelayTransport("http://127.0.0.1:9", alice, clock);
  transports.push(gone);
  await expect(gone.list(1)).rejects.toMatchObject({ code: "relay_unreachable" });
});
