import { expect, test } from "vitest";
import type { PublishedBundle, RelayTransport } from "../../electron/relay/transport.ts";
import { insertControlJob } from "../../electron/vault/job-table.ts";
import { encodeControl } from "../../shared/envelope/envelope.ts";
import { Bench, befriend, type Party } from "../support/agents.ts";
import { deafness, noAnswer, replacing } from "../support/relay-faults.ts";

const MINUTE = 60_000;

/** Bundles as the relay in between gives them; counts how often it is asked. */
function bundlesBy(give: (genuine: PublishedBundle | null, nth: number) => PublishedBundle | null) {
  const state = { fetched: 0 };
  const wrap = (relay: RelayTransport): RelayTransport =>
    replacing(relay, {
      fetchBundle: async (address) => give(await relay.fetchBundle(address), ++state.fetched),
    });
  return { state, wrap };
}

/** With an identity key that is not the address's own. */
function falsified(bundle: PublishedBundle | null): PublishedBundle | null {
  if (!bundle?.libsignal) return bundle;
  const { preKey, signedPreKey } = bundle.libsignal;
  const identityKey = preKey?.publicKey ?? signedPreKey.publicKey;
  return { ...bundle, libsignal: { ...bundle.libsignal, identityKey } };
}

/** Mail went both ways: there is a session. Resolves with a session of `a`. */
async function talk(a: Party, b: Party) {
  await Promise.all([a.start(), b.start()]);
  await befriend(a, b);
  const [writer, reader] = [await a.session("claude:1"), await b.session("claude:1")];
  await a.send(writer, b, "hello");
  await b.until(() => b.unread("claude:1").length === 1);
  await b.send(reader, a, "hi");
  await a.until(() => a.unread("claude:1").length === 1);
  await b.read(reader);
  return writer;
}

test.each([
  ["false", falsified],
  ["missing", () => null],
])("D3 %s keys for a repair stop no mail before it", async (_, give) => {
  const bench = await Bench.start();
  const [a, b] = [bench.party("a"), bench.party("b")];
  let broken = false;
  const deaf = deafness();
  const bundles = bundlesBy((genuine) => (broken ? give(genuine) : genuine));
  a.wrap = (relay) => bundles.wrap(deaf.wrap(relay));
  const writer = await talk(a, b);
  deaf.state.deaf = true;
  const sealed = await a.send(writer, b, "sealed");
  await a.until((agent) => agent.sent(sealed).problem !== null);
  await a.send(writer, b, "not sealed");
  const control = encodeControl({ kind: "repair", envelopes: ["env-x"] });
  const at = bench.time.now();
  await a.vault.write(() =>
    insertControlJob(a.vault, { recipient: b.id, control, freshSession: true, at }),
  );
  broken = true;
  deaf.state.deaf = false;
  bench.time.advance(MINUTE);
  await a.agent.drain();
  await b.agent.drain();
  expect(a.agent.sent(sealed).problem).toBe(null);
  expect(b.unread("claude:1")).toEqual(["sealed", "not sealed"]);
});

test("D3 keys that do not belong to the address are believed when they come twice", async () => {
  const bench = await Bench.start();
  const [a, b] = [bench.party("a"), bench.party("b")];
  const bundles = bundlesBy((genuine, nth) => (nth === 2 ? genuine : falsified(genuine)));
  a.wrap = bundles.wrap;
  await Promise.all([a.start(), b.start()]);
  await befriend(a, b);
  const [writer] = [await a.session("claude:1"), await b.session("claude:1")];
  const id = await a.send(writer, b, "to the right one");
  await a.until((agent) => agent.sent(id).state !== "queued");
  await b.agent.drain();
  expect(b.unread("claude:1")).toEqual(["to the right one"]);
  await a.vault.write(() => a.vault.sql("DELETE FROM ratchet_session").run());
  const second = await a.send(writer, b, "to nobody");
  await a.until((agent) => agent.sent(second).state === "failed");
  expect(a.agent.sent(second).problem).toContain("do not belong to that address");
  expect(bundles.state.fetched).toBe(4);
});

test("D6 what the relay may have is not called cancelled, when its session was reset either", async () => {
  const bench = await Bench.start();
  const [a, b] = [bench.party("a"), bench.party("b")];
  let lost = false;
  a.wrap = (relay) =>
    replacing(relay, {
      put: async (envelopes) => {
        const outcomes = await relay.put(envelopes);
        if (lost) throw noAnswer();
        return outcomes;
      },
    });
  const writer = await talk(a, b);
  lost = true;
  const id = await a.send(writer, b, "taken, and not told");
  await b.until(() => b.unread("claude:1").length === 1);
  await a.until((agent) => agent.sent(id).problem !== null);
  await expect(a.agent.cancel(id)).rejects.toMatchObject({ code: "not_allowed" });
  await a.agent.resetSession(b.id);
  await expect(a.agent.cancel(id)).rejects.toMatchObject({ code: "not_allowed" });
  expect(a.agent.sent(id).state).toBe("queued");
});
