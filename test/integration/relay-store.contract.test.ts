import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readNatsAddress } from "../../electron/relay/store/jetstream/address.ts";
import { JetStreamRelayStore } from "../../electron/relay/store/jetstream/jetstream-store.ts";
import { MemoryRelayStore } from "../../electron/relay/store/memory-store.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import {
  type ContactEdge,
  type Delivery,
  MAX_ONE_TIME_KEYS,
  type RelayStore,
  type StoreLimits,
  TOMBSTONE_MS,
} from "../../electron/relay/store/store.ts";
import type { LibsignalUpload, RelayEnvelope, SdkKey } from "../../electron/relay/wire.ts";
import { openSqlite } from "../../electron/vault/sqlite.ts";
import { NatsCluster } from "../support/nats-cluster.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const NOW = 1_800_000_000_000;
const PAGE = { limit: 50, maxSize: 1_000_000 };
const opened: RelayStore[] = [];
let cluster: NatsCluster;
let fleets = 0;

beforeAll(async () => {
  cluster = await NatsCluster.start(3);
});

afterAll(() => cluster.close());

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const delivery = (id: string, sender = "alice", mailbox = "bob", body = "AAAA") => {
  const envelope: RelayEnvelope = {
    id,
    from: sender,
    to: mailbox,
    timestamp: "2027-01-15T08:00:00.000Z",
    deviceId: 1,
    type: "CIPHERTEXT",
    body,
    suite: "libsignal",
  };
  return { mailbox, sender, envelope };
};

const signed = (id: number) => ({ id, publicKey: `key${id}`, signature: "AAAA" });
const upload = (changes: Partial<LibsignalUpload> = {}): LibsignalUpload => ({
  registrationId: 7,
  deviceId: 1,
  identityKey: "AAAA",
  signedPreKey: signed(1),
  kyberLastResort: signed(900),
  preKeys: [],
  kyberPreKeys: [],
  capabilities: ["receipts"],
  ...changes,
});
const sdk = (keyId: string, publicKey = "AAAA"): SdkKey => ({
  keyId,
  publicKey,
  signature: "AAAA",
});

/** One relay's store of a fleet; few streams, so that many fleets are soon made. */
const openFleet = (fleet: string, limits: StoreLimits = {}) =>
  JetStreamRelayStore.open(readNatsAddress(`${cluster.url}?fleet=${fleet}`), {
    ...limits,
    layout: { mail: 2, tombstones: 1, keys: 1, nonces: 1 },
  });

const stores: [string, (limits?: StoreLimits) => Promise<RelayStore>][] = [
  ["memory", async (limits) => new MemoryRelayStore(limits)],
  ["sqlite", async (limits) => new SqliteRelayStore(join(temporaryHome(), "relay.db"), limits)],
  ["jetstream", (limits) => openFleet(`contract${++fleets}`, limits)],
];

describe.each(stores)("relay store contract: %s", (_name, make) => {
  const create = async (limits?: StoreLimits): Promise<RelayStore> => {
    const store = await make(limits);
    opened.push(store);
    return store;
  };
  const ids = async (store: RelayStore, mailbox = "bob", page = PAGE) =>
    (await store.envelopes(mailbox, page)).texts.map(
      (text) => (JSON.parse(text) as RelayEnvelope).id,
    );

  describe("N1 mailboxes", () => {
    test("keep what was put, oldest first, whole, apart from other mailboxes", async () => {
      const store = await create();
      const deliveries = [delivery("1"), delivery("2"), delivery("3", "alice", "carol")];
      expect(await store.putEnvelopes(deliveries, NOW)).toEqual(["stored", "stored", "stored"]);
      await store.putEnvelopes([delivery("0")], NOW);
      expect(await ids(store)).toEqual(["1", "2", "0"]);
      expect(await ids(store, "carol")).toEqual(["3"]);
      const { texts } = await store.envelopes("carol", PAGE);
      expect(JSON.parse(texts[0] as string)).toEqual(deliveries[2]?.envelope);
    });

    test("give pages bounded by count and by size, but never an empty one", async () => {
      const store = await create();
      for (const id of ["1", "2", "3"]) {
        await store.putEnvelopes([delivery(id, "alice", "bob", "A".repeat(1000))], NOW);
      }
      expect(await ids(store, "bob", { limit: 2, maxSize: 1_000_000 })).toEqual(["1", "2"]);
      expect(await ids(store, "bob", { limit: 9, maxSize: 2600 })).toEqual(["1", "2"]);
      expect(await ids(store, "bob", { limit: 9, maxSize: 10 })).toEqual(["1"]);
      const isCut = async (page: typeof PAGE) => (await store.envelopes("bob", page)).isCut;
      expect(await isCut({ limit: 9, maxSize: 2600 })).toBe(true);
      expect(await isCut({ limit: 9, maxSize: 1_000_000 })).toBe(false);
      expect(await isCut({ limit: 1, maxSize: 10 })).toBe(false);
    });

    test("remove by id, of any sender, and take ids that are gone", async () => {
      const store = await create();
      await store.putEnvelopes([delivery("1"), delivery("1", "eve"), delivery("2")], NOW);
      await store.removeEnvelopes("bob", ["1", "never"], NOW);
      await store.removeEnvelopes("nobody", ["1"], NOW);
      expect(await ids(store)).toEqual(["2"]);
    });
  });

  describe("D2 relay de-duplication", () => {
    test("a known (mailbox, sender, id) is not stored again, also within one call", async () => {
      const store = await create();
      expect(await store.putEnvelopes([delivery("1"), delivery("1")], NOW)).toEqual([
        "stored",
        "known",
      ]);
      expect(await store.putEnvelopes([delivery("1")], NOW)).toEqual(["known"]);
      expect(await ids(store)).toEqual(["1"]);
    });

    test("another sender's or mailbox's same id is another envelope", async () => {
      const store = await create();
      const all = [delivery("1"), delivery("1", "eve"), delivery("1", "alice", "carol")];
      expect(await store.putEnvelopes(all, NOW)).toEqual(["stored", "stored", "stored"]);
    });

    test("outlives deletion by 8 days, however long it was stored before", async () => {
      const store = await create();
      await store.putEnvelopes([delivery("1")], NOW);
      const removedAt = NOW + 30 * TOMBSTONE_MS;
      expect(await store.putEnvelopes([delivery("1")], removedAt)).toEqual(["known"]);
      await store.removeEnvelopes("bob", ["1"], removedAt);
      const last = removedAt + TOMBSTONE_MS - 1;
      expect(await store.putEnvelopes([delivery("1")], last)).toEqual(["known"]);
      expect(await ids(store)).toEqual([]);
      expect(await store.putEnvelopes([delivery("1")], last + 1)).toEqual(["stored"]);
    });
  });

  describe("N4 bounded mailboxes", () => {
    test("by count: full is said, a known one still is known, and room comes back", async () => {
      const store = await create({ mailboxLimit: 2 });
      const three = [delivery("1"), delivery("2"), delivery("3")];
      expect(await store.putEnvelopes(three, NOW)).toEqual(["stored", "stored", "full"]);
      expect(await store.putEnvelopes([delivery("1")], NOW)).toEqual(["known"]);
      expect(await store.putEnvelopes([delivery("3", "alice", "carol")], NOW)).toEqual(["stored"]);
      await store.removeEnvelopes("bob", ["1"], NOW);
      expect(await store.putEnvelopes([delivery("3"), delivery("4")], NOW)).toEqual([
        "stored",
        "full",
      ]);
    });

    test("by size", async () => {
      const store = await create({ mailboxSize: 3000 });
      const large = (id: string) => delivery(id, "alice", "bob", "A".repeat(2000));
      expect(await store.putEnvelopes([large("1"), large("2")], NOW)).toEqual(["stored", "full"]);
      await store.removeEnvelopes("bob", ["1"], NOW);
      expect(await store.putEnvelopes([large("2")], NOW)).toEqual(["stored"]);
    });
  });

  test("N4 one sender fills half of a mailbox, and shuts nobody else out", async () => {
    const store = await create({ mailboxLimit: 220 });
    const flood = (count: number, from: number, sender = "eve") =>
      Array.from({ length: count }, (_, n) => delivery(`${from + n}`, sender));
    const first = await store.putEnvelopes(flood(111, 0), NOW);
    expect(first.filter((one) => one === "stored")).toHaveLength(110);
    expect(first.at(-1)).toBe("full");
    expect(await store.putEnvelopes([delivery("0", "eve")], NOW)).toEqual(["known"]);
    expect(await store.putEnvelopes(flood(2, 0, "alice"), NOW)).toEqual(["stored", "stored"]);
    await store.removeEnvelopes("bob", ["5"], NOW);
    expect(await store.putEnvelopes(flood(2, 200), NOW)).toEqual(["stored", "full"]);
  });

  test("N4 one sender fills half of a mailbox's size, however often that is counted", async () => {
    const store = await create({ mailboxSize: 2 ** 21 });
    const large = (id: string, sender = "eve") => delivery(id, sender, "bob", "A".repeat(300_000));
    const put = (...all: Delivery[]) => store.putEnvelopes(all, NOW);
    expect(await put(large("1"), large("2"), large("3"))).toEqual(["stored", "stored", "stored"]);
    expect(await put(large("4"), large("1", "alice"))).toEqual(["full", "stored"]);
    expect(await put(large("4"))).toEqual(["full"]);
    await store.removeEnvelopes("bob", ["2"], NOW);
    expect(await put(large("4"), large("5"))).toEqual(["stored", "full"]);
  });

  test("R6 nothing overtakes an envelope that found the mailbox full", async () => {
    const store = await create({ mailboxSize: 3000 });
    const large = (id: string) => delivery(id, "alice", "bob", "A".repeat(2000));
    const put = (...all: Delivery[]) => store.putEnvelopes(all, NOW);
    expect(await put(large("1"))).toEqual(["stored"]);
    const others = [delivery("2", "eve"), delivery("3", "alice", "carol")];
    const outcomes = await put(large("2"), delivery("3"), large("1"), ...others);
    expect(outcomes).toEqual(["full", "full", "known", "stored", "stored"]);
    await store.removeEnvelopes("bob", ["1"], NOW);
    expect(await put(large("2"), delivery("3"))).toEqual(["stored", "stored"]);
    expect(await ids(store)).toEqual(["2", "2", "3"]);
  });

  test("N4 mail that nobody fetched within the retention is dropped", async () => {
    const store = await create({ retentionMs: 1000 });
    await store.putEnvelopes([delivery("1")], NOW);
    await store.putEnvelopes([delivery("2")], NOW + 900);
    // A cluster goes by its own clock, so this waits for it.
    await expect
      .poll(async () => {
        await store.putEnvelopes([delivery("3", "alice", "carol")], NOW + 1001);
        return ids(store);
      })
      .not.toContain("1");
  });

  describe("E2 published keys", () => {
    test("nothing published is null, and counts nothing", async () => {
      const store = await create();
      await store.publishOneTime("bob", [sdk("pk_1")]);
      expect(await store.takeBundle("bob")).toBeNull();
      expect(await store.keyHealth("bob")).toMatchObject({ libsignal: null, updatedAt: 0 });
      expect(await store.capabilities("bob")).toBeNull();
    });

    test("libsignal one-time keys are served once, in order, then the last resort", async () => {
      const store = await create();
      const preKeys = [1, 2].map((id) => ({ id, publicKey: `ec${id}` }));
      await store.publish("bob", upload({ preKeys, kyberPreKeys: [signed(901)] }), NOW);
      expect(await store.capabilities("bob")).toEqual(["receipts"]);
      expect((await store.keyHealth("bob")).libsignal).toEqual({
        preKeyCount: 2,
        kyberPreKeyCount: 1,
      });
      const taken = [];
      for (let turn = 0; turn < 3; turn++) taken.push((await store.takeBundle("bob"))?.libsignal);
      expect(taken.map((one) => one?.preKey?.id ?? null)).toEqual([1, 2, null]);
      expect(taken.map((one) => one?.kyberPreKey.id)).toEqual([901, 900, 900]);
      expect(taken[0]).toEqual({
        registrationId: 7,
        deviceId: 1,
        identityKey: "AAAA",
        signedPreKey: signed(1),
        preKey: { id: 1, publicKey: "ec1" },
        kyberPreKey: signed(901),
        capabilities: ["receipts"],
      });
    });

    test("a bundle without one-time keys takes none", async () => {
      const store = await create();
      await store.publish("bob", upload({ preKeys: [{ id: 1, publicKey: "a" }] }), NOW);
      await store.publishSigned("bob", sdk("spk_1"), NOW);
      await store.publishOneTime("bob", [sdk("pk_1")]);
      const bare = await store.takeBundle("bob", { oneTime: false });
      expect(bare?.libsignal).toMatchObject({ preKey: null, kyberPreKey: signed(900) });
      expect(bare?.sdk).toEqual({ signedPreKey: sdk("spk_1"), oneTimePreKey: null });
      const whole = await store.takeBundle("bob");
      expect(whole?.libsignal?.preKey?.id).toBe(1);
      expect(whole?.sdk?.oneTimePreKey).toEqual(sdk("pk_1"));
    });

    test("a one-time key goes to one of many who ask at once", async () => {
      const store = await create();
      const preKeys = Array.from({ length: 20 }, (_, id) => ({ id: id + 1, publicKey: "AAAA" }));
      await store.publish("bob", upload({ preKeys }), NOW);
      const taken = await Promise.all(preKeys.map(() => store.takeBundle("bob")));
      expect(new Set(taken.map((one) => one?.libsignal?.preKey?.id)).size).toBe(20);
    });

    test("publishing again replaces the signed keys and appends the one-time ones", async () => {
      const store = await create();
      await store.publish("bob", upload({ preKeys: [{ id: 1, publicKey: "a" }] }), NOW);
      const next = upload({ signedPreKey: signed(2), preKeys: [{ id: 2, publicKey: "b" }] });
      await store.publish("bob", next, NOW + 5);
      const taken = await store.takeBundle("bob");
      expect(taken).toMatchObject({ sdk: null, updatedAt: NOW + 5 });
      expect(taken?.libsignal?.signedPreKey.id).toBe(2);
      expect(taken?.libsignal?.preKey?.id).toBe(1);
    });

    test("another installation's upload drops the keys of the former one", async () => {
      const store = await create();
      const preKeys = [{ id: 1, publicKey: "a" }];
      await store.publish("bob", upload({ preKeys, kyberPreKeys: [signed(901)] }), NOW);
      await store.publishOneTime("bob", [sdk("pk_1")]);
      await store.publish("bob", upload({ registrationId: 8 }), NOW);
      const health = await store.keyHealth("bob");
      expect(health.libsignal).toEqual({ preKeyCount: 0, kyberPreKeyCount: 0 });
      expect(health.sdk.oneTimePreKeyCount).toBe(0);
    });

    test("the network's own keys: in order, a repeated id replaced, apart from libsignal's", async () => {
      const store = await create();
      await store.publishSigned("bob", sdk("spk_1"), NOW);
      await store.publishOneTime("bob", [sdk("pk_1"), sdk("pk_2"), sdk("pk_1", "BBBB")]);
      await store.publish("bob", upload({ preKeys: [{ id: 1, publicKey: "a" }] }), NOW);
      expect((await store.keyHealth("bob")).sdk).toEqual({
        signedPreKeyId: "spk_1",
        signedAt: NOW,
        oneTimePreKeyCount: 2,
      });
      expect((await store.takeBundle("bob"))?.sdk).toEqual({
        signedPreKey: sdk("spk_1"),
        oneTimePreKey: sdk("pk_1", "BBBB"),
      });
      expect((await store.takeBundle("bob"))?.sdk?.oneTimePreKey).toEqual(sdk("pk_2"));
      expect((await store.takeBundle("bob"))?.sdk?.oneTimePreKey).toBeNull();
    });

    test("one-time keys are bounded; the oldest make room", async () => {
      const store = await create();
      const preKeys = Array.from({ length: MAX_ONE_TIME_KEYS + 3 }, (_, index) => ({
        id: index + 1,
        publicKey: "AAAA",
      }));
      await store.publish("bob", upload({ preKeys }), NOW);
      expect((await store.keyHealth("bob")).libsignal?.preKeyCount).toBe(MAX_ONE_TIME_KEYS);
      expect((await store.takeBundle("bob"))?.libsignal?.preKey?.id).toBe(4);
    });
  });

  describe("N5 leases", () => {
    const lease = (installation: string) => ({ installation, host: "desk", since: "2026-01-01" });

    test("the first takes it, another does not, unless it is moved", async () => {
      const store = await create();
      expect(await store.lease("bob")).toBeNull();
      expect(await store.takeLease("bob", lease("one"), false)).toEqual(lease("one"));
      expect(await store.takeLease("bob", lease("two"), false)).toEqual(lease("one"));
      expect(await store.lease("bob")).toEqual(lease("one"));
      expect(await store.takeLease("bob", lease("two"), true)).toEqual(lease("two"));
      expect(await store.takeLease("bob", lease("one"), false)).toEqual(lease("two"));
      expect(await store.lease("alice")).toBeNull();
    });

    test("who holds it keeps the time it was taken at", async () => {
      const store = await create();
      await store.takeLease("bob", lease("one"), false);
      const later = { ...lease("one"), since: "2026-02-02" };
      expect(await store.takeLease("bob", later, true)).toEqual(lease("one"));
    });
  });

  describe("C1 contacts", () => {
    const edge: ContactEdge = {
      requester: "bob",
      addressee: "alice",
      status: "pending",
      createdAt: "2027-01-15T08:00:00.000Z",
      updatedAt: "2027-01-15T08:00:00.000Z",
    };

    test("one edge for two agents, whichever is named first", async () => {
      const store = await create();
      expect(await store.contact("alice", "bob")).toBeNull();
      expect(await store.changeContact("alice", "bob", () => edge)).toEqual(edge);
      expect(await store.contact("bob", "alice")).toEqual(edge);
      expect(await store.contactsOf("bob")).toEqual([edge]);
      expect(await store.contactsOf("carol")).toEqual([]);
      await store.changeContact("bob", "alice", () => null);
      expect(await store.contact("alice", "bob")).toBeNull();
      expect(await store.contactsOf("bob")).toEqual([]);
      await store.changeContact("alice", "bob", () => edge);
      expect(await store.contactsOf("alice")).toEqual([edge]);
    });

    test("changes at once see each other's outcome", async () => {
      const store = await create();
      const count = (current: ContactEdge | null): ContactEdge => ({
        ...edge,
        createdAt: String(Number(current?.createdAt ?? 0) + 1),
      });
      await Promise.all(
        Array.from({ length: 10 }, () => store.changeContact("alice", "bob", count)),
      );
      expect((await store.contact("alice", "bob"))?.createdAt).toBe("10");
    });

    test("what is made out of nothing needs room, as judged by all that both have", async () => {
      const store = await create();
      const other: ContactEdge = { ...edge, addressee: "carol" };
      await store.changeContact("bob", "carol", () => other);
      const judged: unknown[] = [];
      const noRoom = (...what: unknown[]) => {
        judged.push(what);
        throw new Error("no room");
      };
      const made = store.changeContact("alice", "bob", () => edge, noRoom);
      await expect(made).rejects.toThrow("no room");
      expect(judged).toEqual([[edge, [], [other]]]);
      expect(await store.contactsOf("bob")).toEqual([other]);
      const later: ContactEdge = { ...other, status: "accepted" };
      expect(await store.changeContact("bob", "carol", () => later, noRoom)).toEqual(later);
      expect(await store.changeContact("bob", "carol", () => null, noRoom)).toBeNull();
      expect(await store.changeContact("alice", "bob", () => null, noRoom)).toBeNull();
    });

    test("a rule that throws changes nothing, and others of the same moment stand", async () => {
      const store = await create();
      const refused = store.changeContact("alice", "bob", () => {
        throw new Error("refused");
      });
      const stands = store.changeContact("bob", "carol", () => ({ ...edge, addressee: "carol" }));
      await expect(refused).rejects.toThrow("refused");
      await stands;
      expect(await store.contact("alice", "bob")).toBeNull();
      expect(await store.contact("bob", "carol")).not.toBeNull();
    });
  });

  describe("N1 the directory", () => {
    test("a handle is the first claimer's, who may claim it again", async () => {
      const store = await create();
      expect(await store.handle("@ann")).toBeNull();
      const row = { handle: "@ann", agent: "alice", claimedAt: NOW };
      expect(await store.claimHandle("@ann", "alice", NOW)).toEqual(row);
      expect(await store.claimHandle("@ann", "alice", NOW + 1)).toEqual(row);
      expect(await store.claimHandle("@ann", "bob", NOW + 2)).toBe("taken");
      expect(await store.handle("@ann")).toEqual(row);
    });

    test("of many who claim one handle at once, one gets it", async () => {
      const store = await create();
      const agents = Array.from({ length: 10 }, (_, n) => `agent${n}`);
      const outcomes = await Promise.all(
        agents.map((agent) => store.claimHandle("@ann", agent, NOW)),
      );
      expect(outcomes.filter((one) => one === "taken")).toHaveLength(9);
    });

    test("handles of one agent are bounded, also when claimed at once, and can be given back", async () => {
      const store = await create({ handleLimit: 2 });
      const names = ["@c", "@b", "@a"];
      const outcomes = await Promise.all(
        names.map((name, n) => store.claimHandle(name, "alice", NOW + n)),
      );
      expect(outcomes.map((one) => typeof one)).toEqual(["object", "object", "string"]);
      expect(outcomes[2]).toBe("limit");
      expect((await store.handlesOf("alice")).map((row) => row.handle)).toEqual(["@c", "@b"]);
      expect(await store.releaseHandle("@c", "bob")).toBe(false);
      expect(await store.releaseHandle("@c", "alice")).toBe(true);
      expect(await store.releaseHandle("@c", "alice")).toBe(false);
      expect(await store.claimHandle("@a", "alice", NOW + 9)).toMatchObject({ handle: "@a" });
      expect(await store.claimHandle("@c", "bob", NOW + 9)).toMatchObject({ agent: "bob" });
      expect((await store.handlesOf("alice")).map((row) => row.handle)).toEqual(["@b", "@a"]);
      expect(await store.handlesOf("carol")).toEqual([]);
    });

    test("a card is kept whole, replaced, listed by pages and removed", async () => {
      const store = await create();
      const card = { name: "Ann", skills: ["review"], metadata: { colour: "blue" } };
      await store.putCard("bob", { name: "Bob" });
      await store.putCard("alice", { name: "A" });
      await store.putCard("alice", card);
      expect(await store.card("alice")).toEqual(card);
      expect(await store.cards({ limit: 1, offset: 0 })).toEqual([card]);
      expect(await store.cards({ limit: 9, offset: 1 })).toEqual([{ name: "Bob" }]);
      await store.putCard("alice", null);
      expect(await store.card("alice")).toBeNull();
    });
  });
});

describe("N2 the SQLite store's file", () => {
  test("what was stored is there after it is opened again", async () => {
    const path = join(temporaryHome(), "relay.db");
    const first = new SqliteRelayStore(path);
    await first.putEnvelopes([delivery("1"), delivery("2")], NOW);
    await first.removeEnvelopes("bob", ["1"], NOW);
    await first.close();
    const second = new SqliteRelayStore(path, { mailboxLimit: 1 });
    opened.push(second);
    expect((await second.envelopes("bob", PAGE)).texts).toHaveLength(1);
    expect(await second.putEnvelopes([delivery("1"), delivery("3")], NOW)).toEqual([
      "known",
      "full",
    ]);
  });

  test("the first version's file is taken over with its mail counted", async () => {
    const path = join(temporaryHome(), "relay.db");
    const old = openSqlite(path);
    old.exec(`
      CREATE TABLE envelope (seq INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL,
        sender TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL);
      CREATE TABLE known_envelope (mailbox TEXT NOT NULL, sender TEXT NOT NULL, id TEXT NOT NULL,
        forget_at INTEGER, PRIMARY KEY (mailbox, sender, id)) WITHOUT ROWID;
      CREATE TABLE bundle (agent TEXT PRIMARY KEY, json TEXT NOT NULL);
      INSERT INTO envelope (mailbox, sender, id, json) VALUES ('bob', 'alice', '1', '{"id":"1"}');
      INSERT INTO known_envelope (mailbox, sender, id) VALUES ('bob', 'alice', '1');
    `);
    old.close();
    const store = new SqliteRelayStore(path, { mailboxLimit: 1 });
    opened.push(store);
    expect(await store.putEnvelopes([delivery("1"), delivery("2")], NOW)).toEqual([
      "known",
      "full",
    ]);
  });

  test("ids whose time is over are forgotten in parts, however many are due at once", async () => {
    const path = join(temporaryHome(), "relay.db");
    const store = new SqliteRelayStore(path);
    opened.push(store);
    const all = Array.from({ length: 450 }, (_, n) => delivery(`${n}`));
    await store.putEnvelopes(all, NOW);
    await store.removeEnvelopes(
      "bob",
      all.map(({ envelope }) => envelope.id),
      NOW,
    );
    const known = () => {
      const reader = openSqlite(path);
      const row = reader.prepare("SELECT count(*) AS n FROM known_envelope").get<{ n: number }>();
      reader.close();
      return row?.n;
    };
    expect(known()).toBe(450);
    const counts: (number | undefined)[] = [];
    for (const id of ["a", "b", "c"]) {
      await store.putEnvelopes([delivery(id)], NOW + TOMBSTONE_MS);
      counts.push(known());
    }
    expect(counts).toEqual([251, 52, 3]);
  });

  test("a newer version's file is refused, not changed", () => {
    const path = join(temporaryHome(), "relay.db");
    const newer = openSqlite(path);
    newer.exec("PRAGMA user_version=99");
    newer.close();
    expect(() => new SqliteRelayStore(path)).toThrow("newer version");
  });
});
