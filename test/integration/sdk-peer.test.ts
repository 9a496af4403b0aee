import { describe, expect, test } from "vitest";
import type { RelayTransport } from "../../electron/relay/transport.ts";
import { MESSAGE_COLUMNS } from "../../electron/vault/mail-table.ts";
import { PING, type SdkPeer } from "../fakes/sdk-peer.ts";
import { Bench, type Party } from "../support/agents.ts";
import { losing, pairWith } from "../support/sdk-pair.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const relayed = (ours: Party, id: string) =>
  ours.until((agent) => agent.sent(id).state === "relayed");
const texts = (peer: SdkPeer) => peer.messages().map((one) => one.text);
const suites = (party: Party) =>
  party.vault
    .sql(`SELECT DISTINCT suite FROM (SELECT ${MESSAGE_COLUMNS} FROM message m)`)
    .all<{ suite: string }>()
    .map((one) => one.suite);

describe("E3 peers of the network", () => {
  test("we write first: read there, answered here, nothing claimed beyond relayed", async () => {
    const { bench, ours, peer, session, say } = await pairWith();
    const id = await say("hello");
    await relayed(ours, id);
    await peer.poll();
    expect(texts(peer)).toEqual(["hello"]);
    bench.time.advance(5 * MINUTE);
    await ours.agent.drain();
    expect(ours.agent.sent(id).ladder.map((one) => one.rung)).toEqual(["queued", "relayed"]);

    await peer.write(ours.identity.address, "hi", { in_reply_to: id });
    await ours.until(() => ours.unread("claude:1").length === 1);
    expect((await ours.read(session)).map((one) => one.text)).toEqual(["hi"]);
    expect(ours.agent.sent(id).state).toBe("answered");
    // No receipt is sent to a peer that would show it to its person.
    bench.time.advance(MINUTE);
    await ours.agent.drain();
    await peer.poll();
    expect(peer.seen).toHaveLength(1);
    expect(peer.dropped).toEqual([]);
    expect(suites(ours)).toEqual(["sdk"]);
  });

  test("it writes first: read here, answered there", async () => {
    const { ours, peer, session } = await pairWith();
    const id = await peer.write(ours.identity.address, "first");
    await ours.until(() => ours.unread("claude:1").length === 1);
    expect(await ours.read(session)).toMatchObject([{ id, text: "first" }]);
    await relayed(ours, await ours.sendTo(session, peer.cryptoId, "second"));
    await peer.poll();
    expect(texts(peer)).toEqual(["second"]);
    // Nothing was fetched for it: the session is the one the peer began.
    expect(suites(ours)).toEqual(["sdk"]);
  });

  test("an answer that names the relay's id of our message is an answer to that message", async () => {
    const { ours, peer, say } = await pairWith();
    const id = await say("question");
    await relayed(ours, id);
    await peer.poll();
    const envelopeId = peer.messages()[0]?.envelopeId as string;
    expect(envelopeId).not.toBe(id);
    await peer.write(ours.identity.address, "answer", { in_reply_to: envelopeId });
    await ours.until((agent) => agent.sent(id).state === "answered");
    expect(ours.unread("claude:1")).toEqual(["answer"]);
  });

  test("automatic answers keep their mark in both directions, in the older form too", async () => {
    const { ours, peer, session } = await pairWith();
    const id = await ours.sendTo(session, peer.cryptoId, "automatic", { auto: true });
    await relayed(ours, id);
    await peer.poll();
    expect(peer.messages()).toMatchObject([{ text: "automatic", auto: true }]);
    const envelopeId = peer.messages()[0]?.envelopeId;
    await peer.send(ours.identity.address, `\x01tp-auto\x01\x01re:${envelopeId}\x01older form`);
    await peer.write(ours.identity.address, "newer form", { auto: true });
    await ours.until(() => ours.unread("claude:1").length === 2);
    const rows = ours.vault
      .sql(
        "SELECT text, auto, in_reply_to AS question FROM message WHERE direction = 'in' ORDER BY seq",
      )
      .all();
    expect(rows).toEqual([
      { text: "older form", auto: 1, question: id },
      { text: "newer form", auto: 1, question: null },
    ]);
  });

  test("two of ours use libsignal although both publish keys of both kinds", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const writer = await a.session("claude:1");
    await b.session("claude:1");
    await a.send(writer, b, "hello");
    await b.until(() => b.unread("claude:1").length === 1);
    expect([suites(a), suites(b)]).toEqual([["libsignal"], ["libsignal"]]);
    const bundle = await a.agent.relay.fetchBundle(b.identity.address);
    expect(bundle?.sdk?.oneTimePreKey?.keyId).toMatch(/^pk_/);
  });

  test("a peer that has shown libsignal is never written to with less", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const [writer, reader] = [await a.session("claude:1"), await b.session("claude:1")];
    await b.send(reader, a, "in libsignal");
    await a.until(() => a.unread("claude:1").length === 1);
    // A relay that hides the better keys, and a vault that lost its sessions.
    await a.close();
    a.wrap = (relay) => withoutLibsignal(relay);
    await a.start();
    const again = await a.session("claude:1");
    await a.vault.write(() => a.vault.sql("DELETE FROM ratchet_session").run());
    const id = await a.send(again, b, "not in anything less");
    await a.until((agent) => agent.sent(id).problem !== null);
    expect(a.agent.sent(id)).toMatchObject({
      state: "queued",
      problem: expect.stringContaining("nothing less is used"),
    });
    expect(a.vault.sql("SELECT count(*) AS n FROM sdk_session").get()).toEqual({ n: 0 });
    expect(writer.label).toBe("claude:1");
  });

  test("a peer that begins to publish libsignal keys is written to with them", async () => {
    const bench = await Bench.start();
    const [a, b] = [bench.party("a"), bench.party("b")];
    a.wrap = (relay) => (hidden.now ? withoutLibsignal(relay) : relay);
    const hidden = { now: true };
    await Promise.all([a.start(), b.start()]);
    await a.agent.relay.requestContact(b.id);
    await b.agent.relay.acceptContact(a.id);
    const writer = await a.session("claude:1");
    await b.session("claude:1");
    await a.send(writer, b, "older");
    await b.until(() => b.unread("claude:1").length === 1);
    expect(suites(b)).toEqual(["sdk"]);
    hidden.now = false;
    await a.crash();
    await a.start();
    bench.time.advance(2 * HOUR);
    await a.send(await a.session("claude:1"), b, "newer");
    await b.until(() => b.unread("claude:1").length === 2);
    const rows = b.vault.sql("SELECT text, suite FROM message ORDER BY seq").all();
    expect(rows).toEqual([
      { text: "older", suite: "sdk" },
      { text: "newer", suite: "libsignal" },
    ]);
  });

  test("keys of the network's kind are topped up and rotated, and outlive their replacement", async () => {
    const { bench, ours, peer } = await pairWith();
    const health = async () => (await ours.agent.relay.keyHealth()).sdk;
    const first = await health();
    expect(first.oneTimePreKeyCount).toBe(100);
    for (let i = 0; i < 81; i++) {
      await fetch(`${bench.url}/keys/${encodeURIComponent(ours.identity.address)}/bundle`);
    }
    await peer.write(ours.identity.address, "uses one up");
    await ours.until(() => ours.unread("claude:1").length === 1);
    await ours.agent.keysSettled();
    expect((await health()).oneTimePreKeyCount).toBe(100);
    await bench.time.scheduled(30_000);
    bench.time.jump(49 * HOUR);
    bench.time.advance(30_000);
    await ours.agent.keysSettled();
    expect((await health()).signedPreKeyId).not.toBe(first.signedPreKeyId);
    const kept = ours.vault.sql("SELECT 1 AS yes FROM sdk_prekey WHERE key_id = ?");
    expect(kept.get([first.signedPreKeyId as string])).toEqual({ yes: 1 });
  });
});

function withoutLibsignal(relay: RelayTransport): RelayTransport {
  return new Proxy(relay, {
    get(target, name) {
      if (name === "capabilities") return async () => null;
      if (name === "fetchBundle") {
        return async (address: string) => {
          const bundle = await target.fetchBundle(address);
          return bundle && { ...bundle, libsignal: null };
        };
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("E3 traps of the network's peers", () => {
  test("our first message is lost, the peer says so: all of it comes again", async () => {
    const { ours, peer, say } = await pairWithLoss({ pings: true });
    await relayed(ours, await say("lost"));
    await relayed(ours, await say("unreadable without it"));
    await peer.poll();
    expect(texts(peer)).toEqual([]);
    await ours.until(() => count(ours, "job") === 0 && count(ours, "envelope_seen") > 0);
    await ours.agent.drain();
    await peer.poll();
    expect(texts(peer)).toEqual(["lost", "unreadable without it"]);
  });

  test("our first message is lost and the peer is silent: a ping puts a new session in place", async () => {
    const { bench, ours, peer, say } = await pairWithLoss({ pings: false });
    await relayed(ours, await say("lost"));
    await relayed(ours, await say("dropped"));
    await peer.poll();
    expect(peer.dropped).toHaveLength(1);
    bench.time.advance(11 * MINUTE);
    await ours.agent.drain();
    await relayed(ours, await say("read again"));
    await peer.poll();
    expect(peer.seen[0]?.text).toBe(PING);
    expect(texts(peer)).toEqual(["read again"]);
    // An answer ends the pings; without one there are four at most.
    await peer.write(ours.identity.address, "here I am");
    await ours.until(() => ours.unread("claude:1").length === 1);
    bench.time.advance(48 * HOUR);
    await ours.agent.drain();
    await peer.poll();
    expect(peer.seen.filter((one) => one.text === PING)).toHaveLength(1);
  });

  test("a peer that never answers is pinged four times at most", async () => {
    const { bench, ours, peer, say } = await pairWith();
    await relayed(ours, await say("anybody there?"));
    for (let hour = 0; hour < 40; hour++) {
      bench.time.advance(HOUR);
      await ours.agent.drain();
    }
    await peer.poll();
    expect(peer.seen.filter((one) => one.text === PING)).toHaveLength(4);
    expect(texts(peer)).toEqual(["anybody there?"]);
  });

  test("what the relay refuses for good takes its session with it", async () => {
    const { ours, peer, session, say, noise } = await pairWithLoss({ pings: false, lost: 0 });
    noise.refused = 1;
    const refused = await say("refused");
    await ours.until((agent) => agent.sent(refused).state === "refused");
    await relayed(ours, await ours.sendTo(session, peer.cryptoId, "after it"));
    await ours.agent.drain();
    await peer.poll();
    expect(texts(peer)).toEqual(["after it"]);
    expect(peer.dropped).toEqual([]);
  });

  test.each([true, false])("both write first at once; the peer pings: %s", async (pings) => {
    const { ours, peer, session, say } = await pairWith({ pings });
    // Neither has seen the other's first message when it writes its own.
    await relayed(ours, await say("from us"));
    await peer.write(ours.identity.address, "from them");
    await ours.until(() => ours.unread("claude:1").length === 1);
    await peer.poll();
    await ours.agent.drain();
    for (let round = 0; round < 3; round++) {
      await ours.sendTo(session, peer.cryptoId, `more from us ${round}`);
      await ours.agent.drain();
      await peer.poll();
      await peer.write(ours.identity.address, `more from them ${round}`);
      await ours.agent.drain();
      await peer.poll();
    }
    expect(new Set(texts(peer))).toEqual(
      new Set(["from us", ...[0, 1, 2].map((round) => `more from us ${round}`)]),
    );
    expect(ours.unread("claude:1")).toEqual([
      "from them",
      ...[0, 1, 2].map((round) => `more from them ${round}`),
    ]);
  });

  test("the peer lost its state: its next message is read, and what it could not read comes again", async () => {
    const { ours, peer, say } = await pairWith({ pings: true });
    await relayed(ours, await say("one"));
    await peer.poll();
    await peer.write(ours.identity.address, "two");
    await ours.until(() => ours.unread("claude:1").length === 1);
    await peer.forgetEverything();
    await relayed(ours, await say("three"));
    await peer.poll();
    await ours.until(() => count(ours, "envelope_seen") === 2);
    await ours.agent.drain();
    await peer.poll();
    expect(texts(peer)).toEqual(["one", "three"]);
  });

  test("reset_session: the next message begins a new session, and is read", async () => {
    const { ours, peer, say } = await pairWith();
    await relayed(ours, await say("one"));
    expect(await ours.agent.resetSession(peer.cryptoId)).toBe(true);
    expect(await ours.agent.resetSession(peer.cryptoId)).toBe(false);
    await relayed(ours, await say("two"));
    await peer.poll();
    await peer.write(ours.identity.address, "three");
    await ours.until(() => ours.unread("claude:1").length === 1);
    expect([texts(peer), ours.unread("claude:1")]).toEqual([["one", "two"], ["three"]]);
  });

  test("we lost our session: what we cannot read is kept, and a ping asks for a new one", async () => {
    const { ours, peer, say } = await pairWith();
    await relayed(ours, await say("one"));
    await peer.poll();
    await ours.vault.write(() => ours.vault.sql("DELETE FROM sdk_session").run());
    await peer.write(ours.identity.address, "unreadable");
    await ours.until((agent) => agent.summary().undecryptable === 1);
    await ours.agent.drain();
    await peer.poll();
    expect(peer.seen.at(-1)?.text).toBe(PING);
    await peer.write(ours.identity.address, "readable");
    await ours.until(() => ours.unread("claude:1").length === 1);
    expect(ours.unread("claude:1")).toEqual(["readable"]);
    // It says nothing of what it dropped: that stays shown.
    expect(ours.agent.summary().undecryptable).toBe(1);
  });
});

async function pairWithLoss(options: { pings: boolean; lost?: number }) {
  const noise = { lost: options.lost ?? 1, refused: 0 };
  const wrap = (relay: RelayTransport) =>
    refusing(
      losing(relay, () => noise.lost-- > 0),
      noise,
    );
  return { ...(await pairWith({ pings: options.pings, wrap })), noise };
}

function refusing(relay: RelayTransport, noise: { refused: number }): RelayTransport {
  return new Proxy(relay, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "put") return value.bind(target);
      return async (envelopes: Parameters<RelayTransport["put"]>[0]) =>
        noise.refused-- > 0
          ? envelopes.map(({ id }) => ({
              id,
              accepted: false,
              status: 400,
              error: "not this one",
              permanent: true,
            }))
          : target.put(envelopes);
    },
  });
}

function count(party: Party, table: string): number {
  return party.vault.sql(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()?.n ?? 0;
}
