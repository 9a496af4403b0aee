import { describe, expect, onTestFinished, test } from "vitest";
import { NetworkRelay } from "../fakes/network-relay.ts";
import { SdkPeer } from "../fakes/sdk-peer.ts";
import { Bench, type Party } from "../support/agents.ts";

/** Two of ours at a relay of the network, under a base URL with a path. */
async function atNetworkRelay() {
  const bench = new Bench();
  const relay = await NetworkRelay.start("/api/v1", () => bench.time.now());
  onTestFinished(() => relay.close());
  bench.relayElsewhere(relay.url);
  return { bench, relay };
}

async function started(bench: Bench, name: string): Promise<Party> {
  const party = bench.party(name);
  await party.start({ online: false });
  const published = async () => (await party.agent.relay.keyHealth()).sdk.signedPreKeyId;
  await expect.poll(published).not.toBeNull();
  return party;
}

async function contacts(a: Party, b: { id: string; accept(from: string): Promise<unknown> }) {
  await a.agent.relay.requestContact(b.id);
  await b.accept(a.id);
}

describe("N1 a relay that knows part 1 alone, under a path", () => {
  test("two of ours write to each other, and nothing is claimed that it cannot do", async () => {
    const { bench, relay } = await atNetworkRelay();
    const [a, b] = [await started(bench, "a"), await started(bench, "b")];
    await contacts(a, { id: b.id, accept: (from) => b.agent.relay.acceptContact(from) });
    const [here, there] = [await a.session("claude:1"), await b.session("claude:1")];
    for (const text of ["one", "two", "three"]) await a.send(here, b, text);
    await b.until(() => b.unread("claude:1").length === 3);
    expect((await b.read(there)).map((one) => one.text)).toEqual(["one", "two", "three"]);
    await b.send(there, a, "back");
    await a.until(() => a.unread("claude:1").length === 1);
    expect((await a.read(here)).map((one) => one.text)).toEqual(["back"]);
    expect(a.agent.summary().lease.state).toBe("unsupported");
    // Everything was acknowledged one by one: the mailboxes are empty.
    await expect.poll(async () => (await b.agent.relay.list(10)).envelopes).toEqual([]);
    expect([...relay.unknown]).toContain("PUT /keys/libsignal");
  });

  test("keys it does not take are made once, not at every look", async () => {
    const { bench } = await atNetworkRelay();
    const a = await started(bench, "a");
    const kept = () =>
      a.vault.sql("SELECT count(*) AS n FROM kyber_prekey").get<{ n: number }>()?.n ?? 0;
    await expect.poll(kept).toBeGreaterThan(0);
    const before = kept();
    for (let look = 0; look < 3; look++) {
      bench.time.advance(3_600_000);
      await a.agent.drain();
    }
    expect(kept()).toBe(before);
  });

  test("one of ours and an SDK client write to each other there", async () => {
    const { bench, relay } = await atNetworkRelay();
    const ours = await started(bench, "ours");
    const peer = new SdkPeer({
      url: relay.url,
      file: `${bench.home}/sdk-peer.json`,
      now: () => bench.time.now(),
      pings: false,
    });
    await peer.publish();
    await peer.requestContact(ours.id);
    await ours.agent.relay.acceptContact(peer.cryptoId);
    const session = await ours.session("claude:1");
    await ours.sendTo(session, peer.cryptoId, "to the peer");
    await expect
      .poll(async () => {
        await peer.poll();
        return peer.messages().map((one) => one.text);
      })
      .toEqual(["to the peer"]);
    await peer.write(ours.identity.address, "to us");
    await ours.until(() => ours.unread("claude:1").length === 1);
    expect((await ours.read(session)).map((one) => one.text)).toEqual(["to us"]);
  });
});
