import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { BridgeSession, sessionEnvironment } from "../../electron/bridge/mcp/session.ts";
import type { Tool } from "../../electron/bridge/mcp/tool.ts";
import { answerTools } from "../../electron/bridge/mcp/tools/answer-tools.ts";
import { loadOrCreateSecret } from "../../electron/bridge/secret.ts";
import type { AuthorizedCall, ClientConnection } from "../../electron/bridge/session-host.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { startSocketServer } from "../../electron/bridge/socket-server.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import type { CallParams } from "../../shared/protocol/protocol.ts";
import { liveSession, send, startHost, unread } from "../support/host.ts";
import { startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** Two sessions of one agent, `claude:1` and `claude:2`, with its address. */
async function twoSessions(home: string) {
  const one = await startBridge(home, { CLAUDE_CODE_SESSION_ID: "s-1" });
  const { created } = (await one.call("wallet_create", { name: "solo" })) as {
    created: { address: string };
  };
  await one.call("use", { name: "solo" });
  const two = await startBridge(home, { CLAUDE_CODE_SESSION_ID: "s-2" });
  await two.call("use", { name: "solo" });
  return { one, two, address: created.address };
}

test("M1 a call under way when the daemon is killed goes on with the next one", async () => {
  const home = temporaryHome();
  const daemon = await startDaemon(home);
  const { one, two, address } = await twoSessions(home);
  const wait = () => two.call("await_reply", { from: address, timeout_seconds: 50 });
  const waiting = wait();
  await daemon.stop("SIGKILL");
  await startDaemon(home);
  const message = { to: address, to_session: "claude:2", body: "still there?" };
  while ((await one.call("send", message)).code === "host_absent");
  // Where the next daemon needs long to start, the call ends and says so; it never just hangs.
  let answer = await waiting;
  while (answer.code === "host_absent") answer = await wait();
  expect(answer.reply).toMatchObject({ text: "still there?" });
});

test("M1 what was written to a session when the daemon was killed is not given again", async () => {
  const home = temporaryHome();
  // Dies when it is told that the first message was written.
  const daemon = await startDaemon(home, { TINYPLACE_FAILPOINT: "read.before-commit" });
  const { one, two, address } = await twoSessions(home);
  const message = { to: address, to_session: "claude:2" };
  await one.call("send", { ...message, body: "first" });
  const texts = (answer: Record<string, unknown>) =>
    (answer.messages as { text: string }[]).map(({ text }) => text);
  expect(texts(await two.call("inbox"))).toEqual(["first"]);
  expect(await daemon.closed).toBe(null);
  // Both wait for the next daemon, and come to it as soon as there is one.
  const waiting = two.call("await_reply", { from: address, timeout_seconds: 50 });
  const reading = two.call("inbox");
  await startDaemon(home);
  expect(texts(await reading)).toEqual([]);
  const { sent } = await one.call("send", { ...message, body: "second" });
  expect(await waiting).toMatchObject({ reply: { text: "second", redelivered: false } });
  await expect
    .poll(() => one.call("status", { id: (sent as { id: string }).id }))
    .toMatchObject({ sent: { state: "read" } });
});

test("M1 a host that goes away while a client proves itself is absent, not silent", async () => {
  const paths = homePaths(temporaryHome());
  loadOrCreateSecret(paths.secret);
  mkdirSync(paths.socketFolder, { recursive: true });
  const dying = createServer((socket) => socket.once("data", () => socket.destroy()));
  await new Promise<void>((resolve) => dying.listen(paths.socket, resolve));
  try {
    await expect(HostClient.connect(paths, "test")).rejects.toMatchObject({ code: "host_absent" });
  } finally {
    await new Promise((resolve) => dying.close(resolve));
  }
});

/** A session whose connection ends when the host has done the call of `losing`, and before it answers. */
async function losingAnswers() {
  const home = temporaryHome();
  const paths = homePaths(home);
  const host = await startHost(home);
  const lost: { name: string | null } = { name: null };
  const asked: [name: string, params: object][] = [];
  const server = await startSocketServer({
    paths,
    host: {
      description: host.description,
      connect: (peer) => {
        const connection = host.connect(peer);
        const call: ClientConnection["call"] = async (name, params, context) => {
          asked.push([name, params]);
          const result = await connection.call(name, params, context);
          if (name === lost.name) {
            lost.name = null;
            peer.close();
          }
          return result;
        };
        return { call, closed: () => connection.closed() };
      },
    },
  });
  const ways = { mode: "join", launches: () => [], here: null } as const;
  const environment = { ...sessionEnvironment({ CLAUDE_CODE_SESSION_ID: "s-1" }), cwd: "/work" };
  const session = new BridgeSession(paths, environment, ways);
  const { client } = session;
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  client.start();
  const losing = <N extends AuthorizedCall>(name: N, params: CallParams<N>) => {
    lost.name = name;
    return client.call(name, params);
  };
  return { home, host, session, client, asked, losing };
}

test("M1 of a call that was done and not answered it is said that nobody knows, and where to look", async () => {
  const { home, host, losing } = await losingAnswers();
  const names = () => host.agents.list().map((one) => one.identity.name);
  const unknown = (next: RegExp) => ({
    code: "host_absent",
    message: expect.stringMatching(/Whether the call was done before is not known/),
    next: expect.stringMatching(next),
  });
  await expect(losing("wallet.create", { name: "one" })).rejects.toMatchObject(
    unknown(/`wallet_list`/),
  );
  const create = { call: "agent.create", request: { name: "two" } } as const;
  await expect(losing("person.ask", create)).rejects.toMatchObject(unknown(/tinyplace agents/));
  expect(names()).toEqual(["one", "two"]);
  const file = { passphrase: "correct horse battery" };
  const out = join(home, "one.backup");
  await expect(losing("agent.export", { wallet: "one", out, ...file })).rejects.toMatchObject(
    unknown(/Look for the file/),
  );
  const ends = { wallet: "one", confirm: "one", endSessions: false };
  await expect(losing("agent.delete", ends)).rejects.toMatchObject(unknown(/not listed any more/));
  expect(names()).toEqual(["two"]);
  await expect(
    losing("agent.restore", { file: out, moveHere: false, ...file }),
  ).rejects.toMatchObject(unknown(/is listed/));
  expect(names()).toEqual(["one", "two"]);
});

test("M1 a claim that was not answered is not answered with nothing claimed; a mere list is repeated", async () => {
  const { host, session, losing } = await losingAnswers();
  const agent = await host.agents.create("me");
  const sender = await liveSession(agent, "claude:1");
  const held = await send(agent, sender, agent.identity.cryptoId, "held", "claude:9");
  await session.use("me", "claude:2");
  await expect(losing("holds.list", { claim: [held] })).rejects.toMatchObject({
    next: expect.stringMatching(/`unrouted` without claim/),
  });
  expect(unread(agent, "claude:2")).toEqual(["held"]);
  expect(await losing("wallet.list", {})).toMatchObject({ wallets: [{ name: "me" }] });
});

test("M1 U5 mail that a person took is read, though the connection changed while they read it", async () => {
  const { host, client } = await losingAnswers();
  const agent = await host.agents.create("me");
  const session = await liveSession(agent, "claude:1");
  await send(agent, session, agent.identity.cryptoId, "note", "claude:1");
  const asked = { wallet: "me", label: "claude:1", limit: 5 };
  const { deliveries } = await client.call("person.take", asked);
  client.current?.close();
  const taken = { agent: agent.identity.cryptoId, label: "claude:1", deliveries };
  await client.call("person.taken", taken);
  expect(unread(agent, "claude:1")).toEqual([]);
});

/** `send_and_wait` to nobody, at the moment at which it waits. */
async function waitingForNobody(timeoutSeconds: number) {
  const place = await losingAnswers();
  const { host, session, asked } = place;
  const { cryptoId: to } = (await host.agents.create("me")).identity;
  await session.use("me", null);
  const input = { to, to_session: "claude:9", body: "hi", timeout_seconds: timeoutSeconds };
  const tool = answerTools.send_and_wait as Tool;
  const answer = tool.run(session, input, new AbortController().signal);
  const waits = () =>
    asked.flatMap(([name, params]) =>
      name === "reply.check" ? [params as { waitMs: number }] : [],
    );
  await vi.waitUntil(() => waits().length === 1);
  return { ...place, agentId: to, answer, waits };
}

test("A1 a wait that cannot go on still says what was sent", async () => {
  const { host, agentId, answer } = await waitingForNobody(60);
  await host.agents.lock(agentId);
  expect((await answer).result).toMatchObject({
    sent: { id: expect.stringMatching(/^msg-[0-9a-f]{18}$/), state: "held" },
    reply: null,
    timedOut: true,
    problem: expect.stringMatching(/was sent.*not attached.*Do not send it again/),
  });
});

test("A1 a wait that another connection takes up has the time that is left", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { client, answer, waits } = await waitingForNobody(9);
  vi.advanceTimersByTime(9_000);
  client.current?.close();
  expect((await answer).result).toMatchObject({ reply: null, timedOut: true });
  expect(waits().map((one) => one.waitMs)).toEqual([9_000, 0]);
});

test("M1 S5 a session has its place again when the vault of its agent opens", async () => {
  const { host, session } = await losingAnswers();
  const { cryptoId } = (await host.agents.create("me")).identity;
  await session.use("me", "claude:3");
  await host.agents.lock(cryptoId);
  await vi.waitUntil(() => session.attachProblem !== null);
  expect(session.attachProblem).toMatchObject({ code: "vault_locked" });
  await host.agents.open(cryptoId, null);
  await vi.waitUntil(() => session.attachProblem === null);
  const { attached } = await session.client.call("whoami", {});
  expect(attached).toMatchObject({ active: { name: "me" }, label: "claude:3" });
});

test("M1 S5 a session that chose another agent meanwhile stays there when its former one opens", async () => {
  const { host, session } = await losingAnswers();
  const { cryptoId } = (await host.agents.create("me")).identity;
  await host.agents.create("other");
  await session.use("me", null);
  await host.agents.lock(cryptoId);
  await vi.waitUntil(() => session.attachProblem !== null);
  const using = session.use("other", null);
  await host.agents.open(cryptoId, null);
  await using;
  const { attached } = await session.client.call("whoami", {});
  expect(attached).toMatchObject({ active: { name: "other" } });
  expect(host.agents.get(cryptoId).sessions.labels()).toEqual([]);
});
