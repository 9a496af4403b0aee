import { describe, expect, test } from "vitest";
import type { RelayListener, RelayTransport } from "../../electron/relay/transport.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { Bench, befriend } from "../support/agents.ts";

const HOUR = 3600 * 1000;
const POLL_MS = 30_000;

/** A relay whose rings can be lost, and which counts how often it is asked. */
function overheard() {
  const state = { asked: 0, isDeaf: false, refusesContacts: false, rings: true };
  const wrap = (relay: RelayTransport): RelayTransport =>
    new Proxy(relay, {
      get(target, name) {
        if (name === "rings" && !state.rings) return false;
        if (name === "open") {
          return (listener: RelayListener) =>
            target.open({
              ...listener,
              state: (is, problem) => listener.state(is, problem),
              doorbell: (at) => {
                if (!state.isDeaf) listener.doorbell(at);
              },
            });
        }
        if (name === "contactRequests" && state.refusesContacts) {
          return () =>
            Promise.reject(new TinyplaceError("relay_unreachable", "no answer", "Wait."));
        }
        const value: unknown = Reflect.get(target, name);
        if (name === "list") state.asked++;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return { state, wrap };
}

/** One agent, and a peer that can write to it. */
async function start() {
  const bench = await Bench.start();
  const [a, b] = [bench.party("a"), bench.party("b")];
  const { state, wrap } = overheard();
  b.wrap = wrap;
  await Promise.all([a.start(), b.start()]);
  await befriend(a, b);
  await b.session("claude:1");
  // Its polls would be on the same clock: it is there only while it writes.
  await a.close();
  // What it asks for when it comes online is behind it.
  while (!b.agent.contacts.isSure) await new Promise((resolve) => setImmediate(resolve));
  const write = async (text: string) => {
    await a.start();
    const id = await a.send(await a.session("claude:1"), b, text);
    await a.until((agent) => agent.sent(id).state === "relayed");
    await a.close();
  };
  const poll = async () => {
    await bench.time.scheduled(POLL_MS, POLL_MS);
    bench.time.advance(POLL_MS);
    await bench.time.scheduled(POLL_MS, POLL_MS);
  };
  return { bench, b, state, write, poll };
}

describe("D1 polls beside the doorbell", () => {
  test("D1 a ring that was lost is made up for within minutes, and else the relay is left alone", async () => {
    const { b, state, write, poll } = await start();
    state.isDeaf = true;
    await write("lost ring");
    const before = state.asked;
    let polls = 0;
    while (b.unread("claude:1").length === 0) {
      expect(state.asked).toBe(before);
      await poll();
      polls++;
      expect(polls).toBeLessThanOrEqual(13);
    }
    expect(polls).toBeGreaterThan(8);
  });

  test("D1 after a sleep of the machine the next poll asks", async () => {
    const { bench, b, state, write, poll } = await start();
    await poll();
    state.isDeaf = true;
    await write("while it slept");
    bench.time.sleep(HOUR);
    await b.until(() => b.unread("claude:1").length === 1);
  });

  test("D1 every poll asks a relay that does not say that it rings, or has not answered", async () => {
    const { state, poll } = await start();
    const asked = async () => {
      const before = state.asked;
      await poll();
      return state.asked - before;
    };
    expect(await asked()).toBe(0);
    state.rings = false;
    expect([await asked(), await asked()]).toEqual([1, 1]);
    state.rings = true;
    // From the next look on, which is due within minutes.
    state.refusesContacts = true;
    let polls = 0;
    while ((await asked()) === 0) expect(++polls).toBeLessThanOrEqual(13);
    expect([await asked(), await asked()]).toEqual([1, 1]);
    state.refusesContacts = false;
    expect(await asked()).toBe(1);
    expect(await asked()).toBe(0);
  });
});
