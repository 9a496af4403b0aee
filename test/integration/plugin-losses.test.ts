import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundle } from "../../build/bundle.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { newMessageId } from "../../shared/envelope/envelope.ts";
import { type BridgeClient, startBridge, startRelay } from "../support/processes.ts";
import { type Program, programAt } from "../support/programs.ts";
import { befriend, given, rest, Side, textsOf } from "../support/side.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { createWallet } from "../support/two-homes.ts";

/**
 * Situations in which an earlier tool for mail between sessions lost, doubled or reordered messages.
 * Here each ends with every message given exactly once and in order.
 */
interface Sent {
  readonly id: string;
  readonly state: string;
  readonly problem: string | null;
  readonly ladder: readonly { rung: string }[];
}

const numbered = (word: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);

async function testProgram(): Promise<Program> {
  return programAt(join(await bundle("test"), "main", "cli.js"));
}

/** Two agents, strangers so far, on a relay that belongs to neither. */
async function strangers(way: (relay: string) => Promise<string> = async (relay) => relay) {
  const program = await testProgram();
  const relay = await startRelay(join(temporaryHome(), "relay.db"), {}, { program });
  const url = await way(relay.ready.url);
  const [alice, bob] = await Promise.all([
    Side.create("alice", url, program),
    Side.create("bob", url, program),
  ]);
  return { alice, bob };
}

async function contacts(way?: (relay: string) => Promise<string>) {
  const sides = await strangers(way);
  await befriend(sides.alice, sides.bob);
  return sides;
}

/** Sends one after the other; each answer says truthfully that it is under way. */
async function sendAll(
  session: BridgeClient,
  to: string,
  texts: readonly string[],
  label?: string,
): Promise<string[]> {
  const ids: string[] = [];
  for (const body of texts) {
    const input = { to, body, ...(label ? { to_session: label } : {}) };
    const { sent } = (await session.call("send", input)) as never as { sent: Sent };
    expect(["queued", "relayed", "received", "held", "inbox"]).toContain(sent.state);
    ids.push(sent.id);
  }
  return ids;
}

async function statusOf(session: BridgeClient, id: string | undefined): Promise<Sent> {
  return (await session.call("status", { id })).sent as Sent;
}

test("D1 a second session attaches, and first contact arrives", async () => {
  const { alice, bob } = await contacts();
  const first = await bob.session("b-1");
  expect((await first.call("whoami")).label).toBe("claude:1");
  const second = await bob.session("b-2");
  expect((await second.call("whoami")).label).toBe("claude:2");
  const writer = await alice.session("a-1");
  await sendAll(writer, bob.address, numbered("first", 5), "claude:1");
  await sendAll(writer, bob.address, numbered("second", 5), "claude:2");
  expect(textsOf(await given(first, alice.address, 5))).toEqual(numbered("first", 5));
  expect(textsOf(await given(second, alice.address, 5))).toEqual(numbered("second", 5));
});

test("C1 what is written before the contact is accepted arrives after it", async () => {
  const { alice, bob } = await strangers();
  const writer = await alice.session("a-1");
  const reader = await bob.session("b-1");
  const ids = await sendAll(writer, bob.address, numbered("early", 6));
  await expect
    .poll(async () => (await reader.call("contact_requests")).incoming, { timeout: 60_000 })
    .toMatchObject([{ agentId: alice.address }]);
  expect(await rest(reader)).toEqual([]);
  for (const id of ids) expect((await statusOf(writer, id)).state).toBe("queued");
  await reader.call("contact_accept", { from: alice.address });
  expect(textsOf(await given(reader, alice.address, 6))).toEqual(numbered("early", 6));
});

test("D4 a session with a peer is reset from a tool, on either side", async () => {
  const { alice, bob } = await contacts();
  const [a, b] = [await alice.session("a-1"), await bob.session("b-1")];
  await sendAll(a, bob.address, ["hello"]);
  expect(textsOf(await given(b, alice.address, 1))).toEqual(["hello"]);
  await sendAll(b, alice.address, ["hello back"]);
  expect(textsOf(await given(a, bob.address, 1))).toEqual(["hello back"]);
  for (const [resetting, peer] of [
    [a, bob],
    [b, alice],
  ] as const) {
    const reset = await resetting.call("reset_session", { peer: peer.address });
    expect(reset).toMatchObject({ reset: { peer: peer.address, hadSession: true } });
    await sendAll(a, bob.address, numbered("to bob", 3));
    await sendAll(b, alice.address, numbered("to alice", 3));
    expect(textsOf(await given(b, alice.address, 3))).toEqual(numbered("to bob", 3));
    expect(textsOf(await given(a, bob.address, 3))).toEqual(numbered("to alice", 3));
  }
  expect(await a.call("whoami")).toMatchObject({ undecryptable: 0 });
  expect(await b.call("whoami")).toMatchObject({ undecryptable: 0 });
});

test("D5 kill -9 while state is written, 27 times in a row", async () => {
  const { alice, bob } = await contacts();
  const writer = await alice.session("a-1");
  // Receiving writes ratchet steps and messages; the receipts for them write steps of our own.
  const points = ["receive.before", "receive.after", "encrypt.before", "encrypt.after"];
  const texts = numbered("round", 27);
  await bob.down();
  for (const [round, text] of texts.entries()) {
    await sendAll(writer, bob.address, [text]);
    await bob.upUntil(`${points[round % points.length]}-commit`);
  }
  await bob.up();
  await sendAll(writer, bob.address, ["afterwards"]);
  const reader = await bob.session("b-1");
  expect(textsOf(await given(reader, alice.address, 28))).toEqual([...texts, "afterwards"]);
  expect(await reader.call("whoami")).toMatchObject({ undecryptable: 0 });
}, 600_000);

test("D3 a relay that is slower than whatever asks for the next send, 200 messages", async () => {
  const { alice, bob } = await contacts((relay) => slowly(relay, 300));
  const [writer, reader] = [await alice.session("a-1"), await bob.session("b-1")];
  await sendAll(writer, bob.address, numbered("slow", 200));
  expect(textsOf(await given(reader, alice.address, 200))).toEqual(numbered("slow", 200));
  expect(await reader.call("whoami")).toMatchObject({ undecryptable: 0 });
}, 300_000);

test("D1 a backlog of 200, and a kill while it is taken in", async () => {
  const { alice, bob } = await contacts();
  await bob.down();
  const writer = await alice.session("a-1");
  await sendAll(writer, bob.address, numbered("backlog", 200));
  for (const point of [
    "receive.before-commit",
    "receive.after-commit",
    "relay-acknowledge.before",
  ]) {
    await bob.upUntil(point);
  }
  await bob.up();
  const reader = await bob.session("b-1");
  expect(textsOf(await given(reader, alice.address, 200))).toEqual(numbered("backlog", 200));
});

test("M1 a session is killed with unread mail, and while it is given mail", async () => {
  const { alice, bob } = await contacts();
  const writer = await alice.session("a-1");
  const killed = await bob.session("b-1");
  expect((await killed.call("whoami")).label).toBe("claude:1");
  await sendAll(writer, bob.address, numbered("unread", 5), "claude:1");
  await expect
    .poll(async () => (await killed.call("whoami")).buffered, { timeout: 60_000 })
    .toBe(5);
  killed.kill();
  await killed.ended;
  // The same session again, whose bridge dies when it would confirm what it was given.
  const dying = await bob.session("b-1", { TINYPLACE_FAILPOINT: "confirm.before" });
  expect((await dying.call("whoami")).label).toBe("claude:1");
  const answer = await dying.call("inbox").catch(() => null);
  expect(await dying.ended).toContain("failpoint confirm.before");
  // The answer was written before: where it could still be read, it had everything, not yet marked.
  if (answer)
    expect(answer).toMatchObject({ count: 5, messages: [{ redelivered: false }, {}, {}, {}, {}] });
  const back = await bob.session("b-1");
  const again = await given(back, alice.address, 5);
  expect(textsOf(again)).toEqual(numbered("unread", 5));
  expect(again.every((one) => one.redelivered)).toBe(true);
  expect(await rest(back)).toEqual([]);
});

test("R6 a burst of 500 arrives in order, many calls under way at once", async () => {
  const { alice, bob } = await contacts();
  const [writer, reader] = [await alice.session("a-1"), await bob.session("b-1")];
  const waiting = numbered("burst", 500);
  const lanes = Array.from({ length: 32 }, async () => {
    for (let body = waiting.shift(); body !== undefined; body = waiting.shift()) {
      expect(await writer.call("send", { to: bob.address, body })).toHaveProperty("sent");
    }
  });
  await Promise.all(lanes);
  expect(textsOf(await given(reader, alice.address, 500))).toEqual(numbered("burst", 500));
});

test("D2 a message id chosen to equal one already queued hides no message", async () => {
  const { alice, bob } = await contacts();
  // A third agent, in alice's home, that chooses the same id.
  const setup = await startBridge(alice.home, {}, await testProgram());
  const carol = await createWallet(setup, "carol");
  await setup.call("use", { name: "carol" });
  await setup.call("contact_add", { to: bob.address });
  const reader = await bob.session("b-1");
  await reader.call("contact_accept", { from: carol });

  const id = newMessageId(randomBytes(9));
  const chosen = { id, toSession: null, inReplyTo: null, role: "agent", auto: false } as const;
  const asSession = async (side: Side, wallet: string) => {
    const client = await HostClient.connect(homePaths(side.home), "test");
    onTestFinished(() => client.close());
    await client.call("attach.sender", { wallet });
    return client;
  };
  const [fromAlice, fromCarol, fromBob] = await Promise.all([
    asSession(alice, "alice"),
    asSession(alice, "carol"),
    asSession(bob, "bob"),
  ]);
  // Bob's own message with this id waits in his outbox: nobody answers at that address.
  const nobody = createSigner(randomBytes(32)).cryptoId;
  await fromBob.call("send", { ...chosen, to: nobody, body: "bob's own" });

  const first = { ...chosen, to: bob.address, body: "alice's" };
  expect(await fromAlice.call("send", first)).toMatchObject({ sent: { id } });
  expect(await fromAlice.call("send", first)).toMatchObject({ sent: { id } });
  await expect(
    fromAlice.call("send", { ...first, body: "another of alice's" }),
  ).rejects.toMatchObject({ code: "bad_request", message: expect.stringContaining("not sent") });
  await fromCarol.call("send", { ...chosen, to: bob.address, body: "carol's" });
  const all = [...(await given(reader, alice.address, 1))];
  // Both may have come at once.
  if (!textsOf(all).includes("carol's")) all.push(...(await given(reader, carol, 1)));
  expect(textsOf(all).sort()).toEqual(["alice's", "carol's"]);
  expect(await statusOf(reader, id)).toMatchObject({ to: nobody, state: "queued" });
  expect(await rest(reader)).toEqual([]);
});

test("D6 nothing is claimed of a recipient that is unknown, or of a label that nobody has", async () => {
  const { alice, bob } = await contacts();
  const writer = await alice.session("a-1");
  const reader = await bob.session("b-1");
  const unknown = createSigner(randomBytes(32)).cryptoId;
  const [toUnknown] = await sendAll(writer, unknown, ["anybody there?"]);
  const [toNine] = await sendAll(writer, bob.address, ["for nine"], "claude:9");
  const [toOne] = await sendAll(writer, bob.address, ["for one"], "claude:1");

  await expect
    .poll(async () => (await statusOf(writer, toUnknown)).problem, { timeout: 60_000 })
    .toBeTruthy();
  expect(await statusOf(writer, toUnknown)).toMatchObject({
    state: "queued",
    ladder: [{ rung: "queued" }],
  });
  expect(textsOf(await given(reader, alice.address, 1))).toEqual(["for one"]);
  await expect
    .poll(async () => (await statusOf(writer, toOne)).state, { timeout: 60_000 })
    .toBe("read");
  const held = await statusOf(writer, toNine);
  expect(held.state).toBe("held");
  expect(held.ladder.map((step) => step.rung)).toEqual(["queued", "relayed", "received", "held"]);
  expect(await rest(reader)).toEqual([]);

  expect(await writer.call("send", { to: "no address", body: "x" })).toMatchObject({
    code: "peer_unknown",
  });
  expect(
    await writer.call("send", { to: bob.address, body: "x", to_session: "no label" }),
  ).toMatchObject({ code: "bad_label" });
});

/** The same relay, but every byte to it takes so many ms: each answer comes late. */
async function slowly(relay: string, ms: number): Promise<string> {
  const { port } = new URL(relay);
  const server = createServer((socket) => {
    const far = connect(Number(port), "127.0.0.1");
    const late = (then: () => void) => void setTimeout(then, ms);
    socket.on("data", (data) => late(() => void far.write(data)));
    socket.on("close", () => late(() => far.destroy()));
    far.on("data", (data) => socket.write(data));
    far.on("close", () => socket.destroy());
    for (const one of [socket, far]) one.on("error", () => one.destroy());
    open.add(socket);
  });
  const open = new Set<{ destroy(): unknown }>();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const one of open) one.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
