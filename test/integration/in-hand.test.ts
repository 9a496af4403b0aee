import { expect, onTestFinished, test } from "vitest";
import { BridgeSession } from "../../electron/bridge/mcp/session.ts";
import type { ClientPeer } from "../../electron/bridge/session-host.ts";
import { startSocketServer } from "../../electron/bridge/socket-server.ts";
import { Host } from "../../electron/daemon/host.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { acquireOwnerLock, type OwnerLock } from "../../electron/vault/owner-lock.ts";
import type { Carried } from "../../shared/protocol/hook-calls.ts";
import type { CallParams } from "../../shared/protocol/protocol.ts";
import { Bench } from "../support/agents.ts";
import { liveSession, startHost, until } from "../support/host.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const context = { signal: new AbortController().signal };

type Connection = ReturnType<Host["connect"]>;

interface Connecting {
  readonly wallet?: string;
  readonly notify?: ClientPeer["notify"];
  readonly written?: CallParams<"attach">["written"];
}

/** A connection of one session: a bridge's, and then that of the bridge that takes its place. */
async function connect(
  host: Host,
  id: string,
  { wallet = "me", notify = () => undefined, written }: Connecting = {},
) {
  const peer: ClientPeer = {
    notify,
    ping: () => Promise.resolve(),
    close: () => undefined,
  };
  const connection = host.connect(peer);
  await attach(connection, id, wallet, written);
  return connection;
}

async function attach(
  connection: Connection,
  id: string,
  wallet: string,
  written?: Connecting["written"],
): Promise<void> {
  const place = { wallet, label: id, pinned: true, harnessSessionId: id, cwd: "/", pid: 1 };
  await connection.call("attach", { ...place, written }, context);
}

const note = (id: string, to: string, body: string) => ({
  ...{ id, to, body, toSession: "reader" },
  ...{ inReplyTo: null, role: "agent" as const, auto: false },
});

test("M1 R6 what a call took whose connection ended meanwhile is given to the next, in its order", async () => {
  const host = await startHost(temporaryHome());
  const agent = await host.agents.create("me");
  const writer = await connect(host, "writer");
  const dying = await connect(host, "reader");
  const { cryptoId } = agent.identity;
  const send = (id: string) => writer.call("send", note(id, cryptoId, id), context);
  await send("msg-000000000000000001");
  const taking = dying.call("inbox", { peek: false }, context);
  // The bridge dies before the daemon has committed that it offers the message.
  dying.closed();
  await taking;
  const next = await connect(host, "reader");
  await send("msg-000000000000000002");
  const { messages } = await next.call("inbox", { peek: false }, context);
  expect(messages).toMatchObject([
    { id: "msg-000000000000000001", redelivered: true },
    { id: "msg-000000000000000002", redelivered: false },
  ]);
});

test("M1 what is confirmed for one agent never stands for another's mail of the same number", async () => {
  const host = await startHost(temporaryHome());
  for (const name of ["me", "other"]) {
    const { cryptoId } = (await host.agents.create(name)).identity;
    const writer = await connect(host, "writer", { wallet: name });
    await writer.call("send", note("msg-000000000000000001", cryptoId, name), context);
  }
  const reader = await connect(host, "reader");
  const { handed } = await reader.call("inbox", { peek: false }, context);
  // It goes over to the other agent while the first one's answer is still being written.
  await attach(reader, "reader", "other");
  await reader.call("confirm", handed, context);
  const { messages } = await reader.call("inbox", { peek: false }, context);
  expect(messages).toMatchObject([{ text: "other", redelivered: false }]);
  await attach(reader, "reader", "me");
  const again = await reader.call("inbox", { peek: false }, context);
  expect(again.messages).toMatchObject([{ text: "me", redelivered: true }]);
});

test("A3 a session that goes over to another agent is given nothing of the first one's any more", async () => {
  const host = await startHost(temporaryHome());
  const { cryptoId } = (await host.agents.create("me")).identity;
  await host.agents.create("other");
  const writer = await connect(host, "writer");
  const leaving = await connect(host, "reader");
  void leaving.call("reply.await", { from: cryptoId, timeoutMs: 60_000 }, context);
  // It has begun to wait.
  await new Promise((resolve) => setImmediate(resolve));
  await attach(leaving, "reader", "other");
  const staying = await connect(host, "reader");
  await writer.call("send", note("msg-000000000000000001", cryptoId, "for me"), context);
  const { messages } = await staying.call("inbox", { peek: false }, context);
  expect(messages).toMatchObject([{ text: "for me", redelivered: false }]);
});

test("S2 a session that is refused a label of another agent stays where it is", async () => {
  const host = await startHost(temporaryHome());
  await host.agents.create("me");
  await liveSession(await host.agents.create("other"), "api");
  const session = await connect(host, "api");
  const before = await session.call("whoami", {}, context);
  await expect(attach(session, "api", "other")).rejects.toMatchObject({ code: "label_taken" });
  await expect(session.call("attach.sender", { wallet: "none" }, context)).rejects.toThrow();
  expect(await session.call("whoami", {}, context)).toEqual(before);
});

test("M1 M2 a push that was written when its host went away is not made again by the next", async () => {
  const paths = homePaths(temporaryHome());
  const options = { paths, kind: "headless" as const, keychain: null };
  const pushes: Carried[] = [];
  const notify: ClientPeer["notify"] = (name, params) => {
    const { carried } = params as { carried?: Carried };
    if (name === "push" && carried) pushes.push(carried);
  };
  const first = acquireOwnerLock(paths.lock) as OwnerLock;
  const host = await Host.start({ ...options, lock: first });
  const { cryptoId } = (await host.agents.create("me")).identity;
  const writer = await connect(host, "writer");
  await connect(host, "reader", { notify });
  const send = (id: string) => writer.call("send", note(id, cryptoId, id), context);
  await send("msg-000000000000000001");
  await send("msg-000000000000000002");
  await expect.poll(() => pushes.length).toBe(2);
  // Of the first push the bridge says that it was written; the host goes before it hears of it.
  await host.close();
  first.release();
  const lock = acquireOwnerLock(paths.lock) as OwnerLock;
  const next = await Host.start({ ...options, lock });
  try {
    const pushed = pushes.splice(0);
    await connect(next, "reader", { notify, written: { handed: [], pushed: pushed.slice(0, 1) } });
    await expect.poll(() => pushes).toEqual(pushed.slice(1));
  } finally {
    await next.close();
  }
});

test("M1 what was written is told with the next `use`, too, where the place could not be taken back", async () => {
  const paths = homePaths(temporaryHome());
  const options = { paths, kind: "headless" as const, keychain: null };
  const first = acquireOwnerLock(paths.lock) as OwnerLock;
  const host = await Host.start({ ...options, lock: first });
  const { cryptoId } = (await host.agents.create("me")).identity;
  await host.agents.create("other");
  const server = await startSocketServer({ paths, host });
  const place = { harnessSessionId: "s-1", project: null, cwd: "/", pid: process.pid };
  const environment = { wallet: null, label: null, answer: null, ...place };
  const ways = { mode: "join" as const, launches: () => [], here: null };
  const session = new BridgeSession(paths, environment, ways);
  onTestFinished(() => session.client.close());
  session.client.start();
  await session.use("me", "reader");
  const writer = await connect(host, "writer");
  await writer.call("send", note("msg-000000000000000001", cryptoId, "once"), context);
  const { messages, handed } = await session.client.call("inbox", { peek: false });
  expect(messages).toMatchObject([{ text: "once", redelivered: false }]);
  // The client has it, but the host goes before it hears of that; at the next another has the label.
  await server.close();
  await host.close();
  first.release();
  const confirmed = session.confirm(handed);
  const lock = acquireOwnerLock(paths.lock) as OwnerLock;
  const next = await Host.start({ ...options, lock });
  const other = await connect(next, "reader");
  const nextServer = await startSocketServer({ paths, host: next });
  try {
    await expect(confirmed).rejects.toMatchObject({ code: "session_required" });
    expect(session.attachProblem).toMatchObject({ code: "label_taken" });
    other.closed();
    // What it tells on the way is another agent's, and not heard.
    await session.use("other", "reader");
    await session.use("me", "reader");
    const again = await session.client.call("inbox", { peek: false });
    expect(again.messages).toEqual([]);
  } finally {
    await nextServer.close();
    await next.close();
  }
});

test("M1 S6 what was confirmed while the machine slept is not given to the call that follows", async () => {
  const clock = { time: Date.now(), now: () => clock.time };
  const host = await startHost(temporaryHome(), { clock });
  const { cryptoId } = (await host.agents.create("me")).identity;
  const writer = await connect(host, "writer");
  const reader = await connect(host, "reader");
  await writer.call("send", note("msg-000000000000000001", cryptoId, "once"), context);
  const { handed } = await reader.call("inbox", { peek: false }, context);
  expect(handed.deliveries).toHaveLength(1);
  clock.time += 3_600_000;
  // Both stood in the socket when the daemon went on.
  const confirming = reader.call("confirm", handed, context);
  const { messages } = await reader.call("inbox", { peek: false }, context);
  expect(messages).toEqual([]);
  await confirming;
});

test("M1 D5 D6 a confirmation that comes late never stands for mail that was not handed out", async () => {
  const bench = await Bench.start();
  const [a, b] = await bench.pair();
  const writer = await a.session("claude:1");
  const reader = await b.session("claude:1", "one");
  await b.session("claude:2", "two");
  await a.send(writer, b, "never handed out", { toSession: "claude:1" });
  await a.send(writer, b, "handed out", { toSession: "claude:1" });
  await b.until(() => b.unread("claude:1").length === 2);
  const { mailroom } = b.agent;
  const { deliveries, messages } = await mailroom.hand(mailroom.freeUnread("claude:1", 2).slice(1));
  expect(messages).toMatchObject([{ text: "handed out" }]);
  // Its mail is put by, and other mail comes meanwhile.
  b.endSession(reader);
  bench.time.advance(2_000);
  await b.until((agent) => agent.summary().holds === 2);
  await a.send(writer, b, "for two", { toSession: "claude:2" });
  await b.until(() => b.unread("claude:2").length === 1);
  const back = await b.session("claude:1", "one");
  await mailroom.confirm(deliveries, back.label);
  expect(b.unread("claude:1")).toContain("never handed out");
  expect(b.unread("claude:2")).toEqual(["for two"]);
});

test("M1 D5 D6 what a bridge that was away confirms is read and not offered again, and nothing else is", async () => {
  const time = new ManualTime();
  const host = await startHost(temporaryHome(), { clock: time, timers: time });
  const agent = await host.agents.create("me");
  const own = agent.identity.cryptoId;
  const [question, unseen, answer] = [
    "msg-000000000000000001",
    "msg-000000000000000002",
    "msg-000000000000000003",
  ];
  const writer = await connect(host, "writer");
  const reader = await connect(host, "reader");
  await reader.call("send", { ...note(question, own, "?"), toSession: "writer" }, context);
  await writer.call("send", note(unseen, own, "important"), context);
  await writer.call("send", { ...note(answer, own, "!"), inReplyTo: question }, context);
  const asked = { inReplyTo: question, waitMs: 0 };
  const { handed, reply } = await reader.call("reply.check", asked, context);
  expect(reply).toMatchObject({ text: "!" });
  // The connection is cut before it is confirmed; another session gets mail meanwhile.
  reader.closed();
  time.advance(2_000);
  await until(host, () => agent.summary().holds === 2);
  const other = { ...note("msg-000000000000000004", own, "to myself"), toSession: "writer" };
  await writer.call("send", other, context);
  const again = await connect(host, "reader", { written: { handed: [handed], pushed: [] } });
  // The call that was under way is repeated.
  await again.call("confirm", handed, context);
  const { messages } = await again.call("inbox", { peek: true }, context);
  expect(messages).toMatchObject([{ text: "important", redelivered: false }]);
  expect([agent.sent(answer).state, agent.sent(unseen).state]).toEqual(["read", "inbox"]);
});

test("M1 R1 what one of two sessions confirms takes nothing from the other, when both were away", async () => {
  const bench = await Bench.start();
  const [a, b] = await bench.pair();
  const writer = await a.session("claude:1");
  const [one, two] = [await b.session("claude:1", "one"), await b.session("claude:2", "two")];
  await b.agent.decided(b.agent.decisions.setPolicy("broadcast"));
  await a.send(writer, b, "for both");
  await b.until(() => b.unread("claude:2").length === 1);
  const { mailroom } = b.agent;
  const { deliveries } = await mailroom.hand(mailroom.freeUnread("claude:1", 1));
  b.endSession(one);
  b.endSession(two);
  bench.time.advance(2_000);
  await b.until(() => b.unread("claude:1").length + b.unread("claude:2").length === 0);
  await mailroom.confirm(deliveries, "claude:1");
  await b.session("claude:2", "two");
  expect(b.unread("claude:2")).toEqual(["for both"]);
});
