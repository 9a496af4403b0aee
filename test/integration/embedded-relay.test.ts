import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../electron/platform/clock.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import {
  type EmbeddedOptions,
  type EmbeddedRelay,
  startEmbeddedRelay,
} from "../../electron/relay/embedded/embedded-relay.ts";
import type * as Serving from "../../electron/relay/server/server.ts";
import { createSigner, type Signer } from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import type { RelayTransport } from "../../electron/relay/transport.ts";
import { markSound } from "../../electron/vault/sound-mark.ts";
import type { Incident } from "../../shared/model/snapshot.ts";
import { opaqueEnvelope } from "../support/opaque-envelope.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const here = createSigner(new Uint8Array(32).fill(1));
const elsewhere = createSigner(new Uint8Array(32).fill(2));
const installation = { id: "this-one", host: "this machine" };

type Told = Partial<Pick<EmbeddedOptions, "usedBy" | "incident" | "loadServer">>;

async function embedded(home = temporaryHome(), port = 0, told: Told = {}) {
  const relay = await startEmbeddedRelay({
    ...{ database: join(home, "relay.db"), ownerEpoch: 1, port, clock: systemClock },
    ...{ usedBy: () => undefined, incident: () => undefined, ...told },
  });
  onTestFinished(() => relay.close());
  return relay;
}

/** Of this process. */
function inside(relay: EmbeddedRelay, signer: Signer = here): RelayTransport {
  const one = relay.transportOf(signer, installation);
  onTestFinished(() => one.close());
  return one;
}

/** As of another process. */
function outside(relay: EmbeddedRelay, signer: Signer = elsewhere): RelayTransport {
  const one = new HttpRelayTransport(relay.url, signer, systemClock);
  onTestFinished(() => one.close());
  return one;
}

/** Resolves once it is connected; `rings` has what it rang for since. */
async function listen(one: RelayTransport): Promise<{ next: () => Promise<string | null> }> {
  const rings: (string | null)[] = [];
  let heard = (): void => undefined;
  const online = new Promise<void>((resolve) => {
    one.open({
      doorbell: (at) => {
        rings.push(at);
        heard();
      },
      state: (state) => state === "online" && resolve(),
    });
  });
  await online;
  const next = async () => {
    while (rings.length === 0) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    return rings.shift() ?? null;
  };
  // The first says that mail may have come before.
  await next();
  return { next };
}

describe("N2 one relay for this process and for others", () => {
  let relay: EmbeddedRelay;
  let users: string[];
  let [own, other] = [] as unknown as [RelayTransport, RelayTransport];

  beforeEach(async () => {
    users = [];
    relay = await embedded(temporaryHome(), 0, { usedBy: (agent) => users.push(agent) });
    [own, other] = [inside(relay), outside(relay)];
    await own.requestContact(elsewhere.cryptoId);
    await other.acceptContact(here.cryptoId);
  });

  test("mail goes both ways, and each side's doorbell rings", async () => {
    const [ownBell, otherBell] = [await listen(own), await listen(other)];
    expect(await own.put([opaqueEnvelope({ from: here, to: elsewhere }, "out")])).toMatchObject([
      { accepted: true },
    ]);
    expect(await otherBell.next()).toBe("mail");
    expect((await other.list(10)).envelopes.map((one) => one.id)).toEqual(["out"]);
    await other.put([opaqueEnvelope({ from: elsewhere, to: here }, "in")]);
    expect(await ownBell.next()).toBe("mail");
    expect(await own.list(10)).toMatchObject({ envelopes: [{ id: "in" }], more: false });
    await own.acknowledge(["in"]);
    expect((await own.list(10)).envelopes).toEqual([]);
    await other.removeContact(here.cryptoId);
    expect(await ownBell.next()).toBe("contacts");
  });

  test("who is of another process is told of, who is of this one is not", async () => {
    await listen(own);
    await listen(other);
    expect(new Set(users)).toEqual(new Set([elsewhere.cryptoId]));
    expect(relay.listeners()).toEqual([elsewhere.cryptoId]);
  });

  test("N5 a leased mailbox is drained by its installation alone, whichever way it comes", async () => {
    expect(await own.lease(false)).toEqual({ state: "held" });
    await expect(outside(relay, here).list(10)).rejects.toMatchObject({ code: "mailbox_leased" });
    expect((await own.list(10)).envelopes).toEqual([]);
  });

  test("the same repeated envelope is stored once, whichever way it comes", async () => {
    const twice = opaqueEnvelope({ from: here, to: elsewhere }, "twice");
    await own.put([twice]);
    expect(await outside(relay, here).put([twice])).toMatchObject([{ accepted: true }]);
    expect((await other.list(10)).envelopes).toHaveLength(1);
  });
});

test("an agent that left is answered nothing, and hears nothing", async () => {
  const relay = await embedded();
  const one = relay.transportOf(here, installation);
  const states: string[] = [];
  one.open({
    doorbell: () => states.push("ring"),
    state: (state) => states.push(state),
  });
  await one.close();
  await expect(one.list(1)).rejects.toMatchObject({ code: "relay_unreachable" });
  expect(
    await one.put([opaqueEnvelope({ from: here, to: elsewhere }, "late")]).catch((error) => error),
  ).toMatchObject({
    code: "relay_unreachable",
  });
  // What an open would have told later is told before this is answered.
  await fetch(`${relay.url}/health`);
  expect(states).toEqual(["connecting"]);
});

test("others are served from the first connection on, whenever they come", async () => {
  const relay = await embedded();
  const asked = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`${relay.url}/health`)).status),
  );
  expect(asked).toEqual(Array.from({ length: 20 }, () => 200));
  expect((await fetch(`${relay.url}/nowhere`)).status).toBe(404);
});

test("a person is told once that others cannot be served, and they are as soon as they can", async () => {
  const incidents: Incident[] = [];
  let serving: () => Promise<typeof Serving> = () => Promise.reject(new Error("a file is gone"));
  const relay = await embedded(temporaryHome(), 0, {
    incident: (one) => void incidents.push(one),
    loadServer: () => serving(),
  });
  const ask = () => fetch(`${relay.url}/health`, { headers: { connection: "close" } });
  await expect(ask()).rejects.toThrow();
  await expect(ask()).rejects.toThrow();
  expect(incidents).toMatchObject([
    { kind: "others_unserved", words: expect.stringContaining("(a file is gone). Quit tinyplace") },
  ]);
  expect((await inside(relay).list(1)).envelopes).toEqual([]);
  serving = () => import("../../electron/relay/server/server.ts");
  expect((await ask()).status).toBe(200);
});

test("who came first and keeps the connection is answered nothing after the end", async () => {
  const relay = await embedded();
  const socket = connect(relay.port, "127.0.0.1");
  const asks = "GET /health HTTP/1.1\r\nHost: relay\r\n\r\n";
  const statuses: string[] = [];
  socket.on("data", (data) => statuses.push(...(String(data).match(/HTTP\/1.1 \d+/g) ?? [])));
  socket.on("error", () => undefined);
  socket.write(asks);
  await once(socket, "data");
  const gone = once(socket, "close");
  await relay.close();
  socket.write(asks);
  await gone;
  expect(statuses).toEqual(["HTTP/1.1 200"]);
});

test("it ends while somebody is connected who says nothing", async () => {
  const relay = await embedded();
  const socket = connect(relay.port, "127.0.0.1");
  await once(socket, "connect");
  const gone = once(socket, "close");
  await relay.close();
  socket.end();
  await gone;
  await expect(fetch(`${relay.url}/health`)).rejects.toThrow();
});

test("it takes another port where its own is taken, and frees it at its end", async () => {
  const first = await embedded();
  const home = temporaryHome();
  const second = await embedded(home, first.port);
  expect(second.port).not.toBe(first.port);
  await second.close();
  await first.close();
  const again = await embedded(home, first.port);
  expect(again.port).toBe(first.port);
});

test("D7 its database is read through before use, but for one closed in order and untouched", async () => {
  const home = temporaryHome();
  const path = join(home, "relay.db");
  const first = await embedded(home);
  const one = inside(first);
  for (let n = 0; n < 40; n++) await one.claimHandle(`@name${n}`).catch(() => undefined);
  await one.requestContact(elsewhere.cryptoId);
  expect(existsSync(join(home, "relay.sound"))).toBe(false);
  await first.close();
  expect(existsSync(join(home, "relay.sound"))).toBe(true);
  const damage = () => {
    const bytes = readFileSync(path);
    bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + 4096);
    writeFileSync(path, bytes);
  };
  damage();
  // Marked as it is now, it is not read, so nobody knows.
  markSound(path, Date.now());
  const incidents: Incident[] = [];
  const incident = (one: Incident) => void incidents.push(one);
  const trusting = await embedded(home, 0, { incident });
  expect(incidents).toEqual([]);
  await trusting.close();
  // Another file than the one that was marked.
  damage();
  await embedded(home, 0, { incident });
  expect(incidents).toMatchObject([{ kind: "relay_replaced" }]);
});

test("D7 damage met at work is said in words, once", async () => {
  const home = temporaryHome();
  const first = await embedded(home);
  const filling = [inside(first), inside(first, elsewhere)] as const;
  await filling[0].requestContact(elsewhere.cryptoId);
  await filling[1].acceptContact(here.cryptoId);
  for (let n = 0; n < 50; n++) {
    const body = "A".repeat(8000);
    await filling[0].put([opaqueEnvelope({ from: here, to: elsewhere }, `m${n}`, body)]);
  }
  await first.close();
  const incidents: Incident[] = [];
  const relay = await embedded(home, 0, { incident: (one) => void incidents.push(one) });
  const path = join(home, "relay.db");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x5a, bytes.length >> 1));
  const [by, over] = [inside(relay, elsewhere), outside(relay, elsewhere)];
  for (const one of [by, over]) {
    await expect(one.list(100)).rejects.toMatchObject({
      message: 'The relay refused (503: "the relay\'s database is damaged").',
    });
  }
  expect(incidents).toMatchObject([
    { kind: "relay_damaged", words: expect.stringContaining("start it again") },
  ]);
});

test("L1 the embedded relay of an owner that was replaced does not start", async () => {
  const home = temporaryHome();
  const later = new SqliteRelayStore(join(home, "relay.db"), { ownerEpoch: 2 });
  onTestFinished(() => later.close());
  await expect(embedded(home)).rejects.toMatchObject({ code: "host_running" });
});
