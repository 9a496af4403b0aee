import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import type { RelayEnvelope } from "../../electron/relay/wire.ts";
import { unreadDeliveries } from "../../electron/vault/mail-table.ts";
import { Bench } from "../support/agents.ts";
import { liveSession, send, startHost, unread, until } from "../support/host.ts";
import { deafness } from "../support/relay-faults.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** Rule D7: a clock that is set, forward and back by a day, on one machine or against the relay's. */
const DAY = 24 * 3600 * 1000;
const MINUTE = 60_000;
const JUMPS = [
  ["forward", DAY],
  ["back", -DAY],
] as const;

describe("D7 a clock that jumps", () => {
  test("D7 mail and receipts go on after every jump, there and back", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const [writer, reader] = [await a.session("claude:1"), await b.session("claude:1")];
    const texts: string[] = [];
    for (const [index, jump] of [0, DAY, -DAY, -DAY, DAY, DAY].entries()) {
      bench.time.jump(jump);
      texts.push(`there ${index}`);
      const id = await a.send(writer, b, `there ${index}`);
      await b.until(() => b.unread("claude:1").length === texts.length);
      await b.send(reader, a, `back ${index}`);
      await a.until(() => a.unread("claude:1").length === texts.length);
      bench.time.advance(MINUTE);
      await a.until((agent) => agent.sent(id).state === "inbox");
    }
    expect(b.unread("claude:1")).toEqual(texts);
    expect([a.agent.summary().queued, a.agent.summary().undecryptable]).toEqual([0, 0]);
  });

  test.each([...JUMPS, ["forward by more than mail is tried", 8 * DAY] as const])(
    "D7 mail that waits for its back-off goes out after a jump %s",
    async (_, jump) => {
      const bench = await Bench.start();
      const { state, wrap } = deafness();
      const [a, b] = [bench.party("a"), bench.party("b")];
      a.wrap = wrap;
      await Promise.all([a.start(), b.start()]);
      await a.agent.relay.requestContact(b.id);
      await b.agent.relay.acceptContact(a.id);
      const writer = await a.session("claude:1");
      await b.session("claude:1");
      await a.send(writer, b, "before");
      await b.until(() => b.unread("claude:1").length === 1);
      state.deaf = true;
      const id = await a.send(writer, b, "waits");
      for (let tries = 0; tries < 10; tries++) {
        await a.until((agent) => agent.sent(id).problem !== null);
        bench.time.advance(MINUTE);
        await a.agent.drain();
      }
      bench.time.jump(jump);
      state.deaf = false;
      // No longer than the longest back-off, by any clock.
      bench.time.advance(MINUTE);
      await a.agent.drain();
      expect(a.agent.sent(id).problem).toBe(null);
      await b.until(() => b.unread("claude:1").length === 2);
      expect(b.unread("claude:1")).toEqual(["before", "waits"]);
    },
  );

  test.each(JUMPS)("D7 a message in hand is handed out again after a jump %s", async (_, jump) => {
    const bench = await Bench.start();
    const a = bench.party("a");
    await a.start();
    const [from, to] = [await a.session("claude:1"), await a.session("claude:2")];
    await a.send(from, a, "a note", { toSession: "claude:2" });
    const { mailroom } = a.agent;
    const rows = unreadDeliveries(a.vault, "claude:2", 10);
    await mailroom.hand(mailroom.free(rows));
    expect(mailroom.free(rows)).toEqual([]);
    bench.time.jump(jump);
    bench.time.advance(5_000);
    expect(mailroom.free(rows)).toHaveLength(1);
    expect((await a.read(to)).map((one) => one.text)).toEqual(["a note"]);
  });

  test("D7 a session comes back under the label it had last, whatever the clock said", async () => {
    const bench = await Bench.start();
    const a = bench.party("a");
    await a.start();
    await a.session("claude:3", "harness-1");
    bench.time.jump(-DAY);
    await a.session("claude:7", "harness-1");
    await a.close();
    await a.start();
    const again = await a.session(null, "harness-1");
    expect(again.label).toBe("claude:7");
  });

  test("D7 what quiet hours hold is delivered when the clock is set past their end", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const writer = await a.session("claude:1");
    await b.session("claude:1");
    const now = new Date(bench.time.now());
    const quietFrom = now.getHours() * 60 + now.getMinutes();
    const quietTo = (quietFrom + 8 * 60) % 1440;
    const rule = { peer: "", label: "", action: "deliver" as const, quietFrom, quietTo };
    await b.agent.decided(b.agent.decisions.setRule(rule));
    await a.send(writer, b, "not now");
    await b.until((agent) => agent.summary().holds === 1);
    bench.time.jump(9 * 60 * MINUTE);
    bench.time.advance(MINUTE);
    await b.until(() => b.unread("claude:1").length === 1);
    expect(b.unread("claude:1")).toEqual(["not now"]);
  });

  test("D7 the relay knows a deleted envelope again, whatever the clock said", async () => {
    const store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
    const envelope: RelayEnvelope = {
      id: "env-1",
      from: "alice",
      to: "bob",
      timestamp: "2027-01-15T08:00:00.000Z",
      deviceId: 1,
      type: "CIPHERTEXT",
      body: "AAAA",
      suite: "libsignal",
    };
    const one = [{ mailbox: "bob", sender: "alice", envelope }];
    const now = Date.UTC(2027, 0, 15);
    for (const written of [now, now + DAY, now - DAY]) {
      const own = one.map((delivery) => ({
        ...delivery,
        envelope: { ...envelope, id: `env-${written}` },
      }));
      expect(await store.putEnvelopes(own, written)).toEqual(["stored"]);
      await store.removeEnvelopes("bob", [`env-${written}`], written);
      // For as long as a sender tries, by the clock it has.
      for (const later of [0, DAY, -DAY, 6 * DAY]) {
        expect(await store.putEnvelopes(own, written + later)).toEqual(["known"]);
      }
    }
    await store.close();
  });

  test("D7 with a clock a day wrong mail waits, says why, and goes when the clock is right", async () => {
    const { outside, inside, near, far, session, wrongBy } = await twoClocks();
    const texts = ["right"];
    await send(near, session, far.identity.cryptoId, "right", "claude:1");
    await until(outside, () => unread(far, "claude:1").length === 1);
    for (const wrong of [DAY, -DAY]) {
      wrongBy(wrong);
      texts.push(`written at ${wrong}`);
      const id = await send(
        near,
        session,
        far.identity.cryptoId,
        texts.at(-1) as string,
        "claude:1",
      );
      await until(inside, () => near.sent(id).problem !== null);
      expect(near.sent(id)).toMatchObject({
        state: "queued",
        problem: expect.stringMatching(/machine's clock is wrong/),
      });
      wrongBy(0);
      await until(outside, () => unread(far, "claude:1").length === texts.length);
    }
    expect(unread(far, "claude:1")).toEqual(texts);
  });

  test("D7 what the relay refuses for a wrong clock does not expire, however wrong that is", async () => {
    const { outside, inside, near, far, session, wrongBy } = await twoClocks();
    const attempts = () =>
      near.vault.sql("SELECT max(attempts) AS n FROM job").get<{ n: number }>()?.n ?? 0;
    wrongBy(-8 * DAY);
    const id = await send(near, session, far.identity.cryptoId, "8 days ago", "claude:1");
    await until(inside, () => near.sent(id).problem !== null);
    wrongBy(DAY);
    const before = attempts();
    await until(inside, () => attempts() > before + 1);
    expect(near.sent(id).state).toBe("queued");
    wrongBy(0);
    await until(outside, () => unread(far, "claude:1").length === 1);
    expect(unread(far, "claude:1")).toEqual(["8 days ago"]);
  });
});

/** Two contacts on hosts of their own; the clock of the near one can be wrong, in ms. */
async function twoClocks() {
  const outside = await startHost(temporaryHome());
  let offset = 0;
  const clock = { now: () => Date.now() + offset };
  const inside = await startHost(temporaryHome(), { relayUrl: outside.relayAddress, clock });
  const [far, near] = [await outside.agents.create("far"), await inside.agents.create("near")];
  await far.relay.requestContact(near.identity.cryptoId);
  await near.relay.acceptContact(far.identity.cryptoId);
  const session = await liveSession(near, "claude:1");
  await liveSession(far, "claude:1");
  const wrongBy = (ms: number) => {
    offset = ms;
  };
  return { outside, inside, near, far, session, wrongBy };
}
