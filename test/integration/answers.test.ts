import { describe, expect, test } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { deliveredReplies } from "../../electron/vault/mail-table.ts";
import { newMessageId } from "../../shared/envelope/envelope.ts";
import { Bench, type Party } from "../support/agents.ts";
import { type BridgeClient, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { createWallet } from "../support/two-homes.ts";

type Message = { id: string; text: string; fromSession: string; auto: boolean };

/** Two agents of one home, and sessions of theirs over real bridges. */
async function home() {
  const folder = temporaryHome();
  await startDaemon(folder);
  const setup = await startBridge(folder);
  const planner = await createWallet(setup, "planner");
  const reviewer = await createWallet(setup, "reviewer");
  await setup.close();
  const session = (wallet: string, id: string) =>
    startBridge(folder, { TINYPLACE_ACTIVE_WALLET: wallet, CLAUDE_CODE_SESSION_ID: id });
  return { folder, planner, reviewer, session };
}

const unread = async (bridge: BridgeClient) =>
  (await bridge.call("inbox")).messages as unknown as Message[];

/** The next message of a session, read. */
async function next(bridge: BridgeClient, from: string): Promise<Message> {
  const { reply } = await bridge.call("await_reply", { from, timeout_seconds: 60 });
  return reply as unknown as Message;
}

/** Receipts gather for this long before they go out, in ms. */
const GATHER_MS = 300;

/** What `asking` was given that answers a message of its own. */
const answers = (party: Party, question: string) =>
  deliveredReplies(party.vault, "asking", question)
    .filter(party.agent.answersTo(question))
    .map((one) => one.text);

describe("A1 answers", () => {
  test("send_and_wait returns the answer, or says that none came and how far the message is", async () => {
    const { planner, reviewer, session } = await home();
    const [asking, answering] = [await session("planner", "p"), await session("reviewer", "r")];
    const asked = asking.call("send_and_wait", {
      to: reviewer,
      body: "is it right?",
      timeout_seconds: 60,
    });
    const question = await next(answering, planner);
    await answering.call("send", {
      to: planner,
      body: "it is",
      in_reply_to: question.id,
      to_session: question.fromSession,
    });
    expect(await asked).toMatchObject({
      sent: { id: question.id },
      reply: { text: "it is", inReplyTo: question.id },
    });
    const nobody = await asking.call("send_and_wait", {
      to: reviewer,
      body: "and this?",
      timeout_seconds: 0,
    });
    expect(nobody).toMatchObject({ reply: null, timedOut: true });
    expect(await unread(asking)).toEqual([]);
  });

  test("A3 a cancelled wait leaves the answer in the inbox, and of two waits the older wins", async () => {
    const { planner, reviewer, session } = await home();
    const [asking, answering] = [await session("planner", "p"), await session("reviewer", "r")];
    const { sent } = (await asking.call("send", { to: reviewer, body: "one?" })) as never as {
      sent: { id: string };
    };
    const question = await next(answering, planner);
    const cancel = new AbortController();
    const input = { in_reply_to: sent.id, wait_seconds: 30 };
    const cancelled = asking.client.callTool({ name: "check_reply", arguments: input }, undefined, {
      signal: cancel.signal,
    });
    const older = asking.call("await_reply", { from: reviewer, timeout_seconds: 60 });
    // A call that is answered shows that those before it have reached the host.
    await asking.call("whoami");
    cancel.abort();
    await expect(cancelled).rejects.toThrow();
    const younger = asking.call("await_reply", { from: reviewer, timeout_seconds: 60 });
    await asking.call("whoami");
    const answer = (body: string) =>
      answering.call("send", { to: planner, body, in_reply_to: question.id });
    await answer("first");
    expect(await older).toMatchObject({ reply: { text: "first" } });
    await answer("second");
    expect(await younger).toMatchObject({ reply: { text: "second" } });
    // Asked for again, the answer that was read is returned, not waited for.
    expect(await asking.call("check_reply", input)).toMatchObject({ reply: { text: "first" } });
  });

  test("A2 where the message went to one session, only that session's answer matches", async () => {
    const { planner, reviewer, session } = await home();
    const asking = await session("planner", "p");
    const one = await session("reviewer", "r-1");
    expect((await one.call("whoami")).label).toBe("claude:1");
    const two = await session("reviewer", "r-2");
    expect((await two.call("whoami")).label).toBe("claude:2");
    const answer = await asking.call("send", {
      to: reviewer,
      body: "for two",
      to_session: "claude:2",
    });
    const { id } = answer.sent as { id: string };
    await next(two, planner);
    await one.call("send", { to: planner, body: "I am not asked", in_reply_to: id });
    await two.call("send", { to: planner, body: "I am", in_reply_to: id });
    const { reply } = await asking.call("check_reply", { in_reply_to: id });
    expect(reply).toMatchObject({ text: "I am", fromSession: "claude:2" });
    expect((await unread(asking)).map((one_) => one_.text)).toEqual(["I am not asked"]);
  });

  test("A2 the answer of a session that has another label by now is found", async () => {
    const { planner, reviewer, session } = await home();
    const [asking, answering] = [await session("planner", "p"), await session("reviewer", "r")];
    const { sent } = (await asking.call("send", { to: reviewer, body: "?" })) as never as {
      sent: { id: string };
    };
    await next(answering, planner);
    await expect
      .poll(async () => (await asking.call("status", { id: sent.id })).sent)
      .toMatchObject({ state: "read", toSession: "claude:1" });
    await answering.call("use", { name: "reviewer", label: "api" });
    await answering.call("send", { to: planner, body: "!", in_reply_to: sent.id });
    const asked = { in_reply_to: sent.id, wait_seconds: 30 };
    expect(await asking.call("check_reply", asked)).toMatchObject({ reply: { text: "!" } });
  });

  test("A2 inside one agent so is that of the one session that was asked, and of no other", async () => {
    const bench = await Bench.start();
    const a = bench.party("a");
    await a.start();
    const [asking, other] = [await a.session("asking"), await a.session("other")];
    const asked = await a.session("claude:1", "asked");
    const question = await a.send(asking, a, "?", { toSession: "claude:1" });
    await a.read(asked);
    const renamed = await a.session("api", "asked");
    for (const one of [other, renamed]) {
      await a.send(one, a, one.label, { inReplyTo: question, toSession: "asking" });
    }
    expect(answers(a, question)).toEqual(["api"]);
  });

  test("A2 where a rule sent the message to another session, that session's answer is found", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const asking = await a.session("asking");
    const [one, two] = [await b.session("one"), await b.session("two")];
    await b.agent.decided(b.agent.decisions.setRedirect("gone", "two"));
    const question = await a.send(asking, b, "?", { toSession: "gone" });
    await b.until(() => b.unread("two").length === 1);
    bench.time.advance(GATHER_MS);
    await a.until((agent) => agent.sent(question).state === "inbox");
    for (const from of [one, two]) {
      await b.send(from, a, from.label, { inReplyTo: question, toSession: "asking" });
    }
    await a.until(() => a.unread("asking").length === 2);
    expect(answers(a, question)).toEqual(["two"]);
  });

  test("A2 D6 of the sessions that all got a message any answers, and the first reader is named", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const asking = await a.session("asking");
    const [one, two] = [await b.session("one"), await b.session("two")];
    await b.agent.decided(b.agent.decisions.setPolicy("broadcast"));
    const question = await a.send(asking, b, "who knows?");
    await b.until(() => b.unread("two").length === 1);
    await b.read(two);
    await b.send(two, a, "two", { inReplyTo: question, toSession: "asking" });
    await b.read(one);
    bench.time.advance(GATHER_MS);
    await a.until((agent) => agent.sent(question).ladder.some(({ rung }) => rung === "read"));
    await a.until(() => a.unread("asking").length === 1);
    expect(answers(a, question)).toEqual(["two"]);
    expect(a.agent.sent(question).toSession).toBe("two");
  });

  test("X2 an automatic answer is marked as one", async () => {
    const { planner, reviewer, session } = await home();
    const [asking, answering] = [await session("planner", "p"), await session("reviewer", "r")];
    await asking.call("send", { to: reviewer, body: "hello?" });
    const question = await next(answering, planner);
    await answering.call("auto_reply", { to: planner, body: "out", in_reply_to: question.id });
    expect(await next(asking, reviewer)).toMatchObject({ text: "out", auto: true });
  });
});

test("S4 a client that only sends is no session, and mail is not routed to it", async () => {
  const { folder, planner, reviewer, session } = await home();
  const client = await HostClient.connect(homePaths(folder), "responder");
  await client.call("attach.sender", { wallet: "planner" });
  const reader = await session("reviewer", "r");
  const id = newMessageId(new Uint8Array(9).fill(7));
  const { sent } = await client.call("send", {
    id,
    to: reviewer,
    body: "from no session",
    toSession: null,
    inReplyTo: null,
    role: "agent",
    auto: true,
  });
  expect(sent).toMatchObject({ id, fromSession: null });
  expect(await next(reader, planner)).toMatchObject({ text: "from no session", fromSession: null });
  const { agents } = await client.call("status", {});
  expect(agents.find((one) => one.name === "planner")?.sessions).toEqual([]);
  await expect(client.call("inbox", { peek: true })).rejects.toMatchObject({
    code: "session_required",
  });
  client.close();
});

describe("section 8: held mail, search, reset", () => {
  test("a session claims what only waited for one, and not what waits for the person", async () => {
    const { planner, reviewer, session } = await home();
    const [asking, other] = [await session("planner", "p"), await session("reviewer", "r")];
    await asking.call("send", { to: reviewer, body: "for nine", to_session: "claude:9" });
    await asking.call("send", { to: reviewer, body: "after it", to_session: "claude:1" });
    await next(other, planner);
    const listed = (await other.call("unrouted")) as never as {
      holds: { id: string; text: string; claimable: boolean }[];
    };
    expect(listed.holds).toMatchObject([{ text: "for nine", claimable: true }]);
    const claimed = await other.call("unrouted", { claim: [listed.holds[0]?.id] });
    expect(claimed).toMatchObject({ count: 0, claimed: [listed.holds[0]?.id] });
    expect((await unread(other)).map((one) => one.text)).toEqual(["for nine"]);
  });

  test("search finds words of sent and received mail, and takes nothing for an operator", async () => {
    const { planner, reviewer, session } = await home();
    const [asking, other] = [await session("planner", "p"), await session("reviewer", "r")];
    await asking.call("send", { to: reviewer, body: "The quick brown Füchse" });
    await asking.call("send", { to: reviewer, body: "something else AND more" });
    await next(other, planner);
    await next(other, planner);
    const found = async (bridge: BridgeClient, query: string) =>
      ((await bridge.call("search", { query })).messages as { text: string }[]).map((m) => m.text);
    expect(await found(other, "brown quick")).toEqual(["The quick brown Füchse"]);
    expect(await found(asking, "fuch")).toEqual(["The quick brown Füchse"]);
    expect(await found(asking, '"AND" -more* NEAR(')).toEqual([]);
    expect(await found(asking, "else AND mo")).toEqual(["something else AND more"]);
    expect(await found(asking, "***")).toEqual([]);
  });

  test("after a reset every message arrives, once and in order", async () => {
    const { planner, reviewer, session } = await home();
    const [asking, other] = [await session("planner", "p"), await session("reviewer", "r")];
    const got: string[] = [];
    for (let i = 0; i < 6; i++) {
      await asking.call("send", { to: reviewer, body: `m${i}` });
      if (i % 2 === 0) await asking.call("reset_session", { peer: reviewer });
      if (i % 3 === 0) await other.call("reset_session", { peer: planner });
    }
    while (got.length < 6) got.push((await next(other, planner)).text);
    expect(got).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
    expect(await unread(other)).toEqual([]);
  });
});
