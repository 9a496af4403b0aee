import { expect, test } from "vitest";
import { mailHandlers } from "../../electron/daemon/window/inbox.ts";
import { liveSession, send, startHost, until } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

test("U2 a person finds any message by its words, its session, its way and whether it is read", async () => {
  const host = await startHost(temporaryHome());
  const planner = await host.agents.create("planner");
  const reviewer = await host.agents.create("reviewer");
  const calls = mailHandlers(host);
  const find = async (request: object) =>
    calls["mail.find"]({ query: "", limit: 100, ...request } as never);
  const texts = async (request: object) =>
    (await find(request)).found.map(({ message }) => message.text);
  const one = await liveSession(planner, "claude:1");
  const two = await liveSession(planner, "claude:2");
  const theirs = await liveSession(reviewer, "claude:1");
  const there = reviewer.identity.cryptoId;
  const here = planner.identity.cryptoId;

  await send(planner, one, here, "The <b>migration</b> locks users", "claude:2");
  await send(planner, two, here, "Migrations: résumé tomorrow", "claude:1");
  await send(planner, one, here, "A migration nobody takes yet", "claude:9");
  await send(planner, one, there, "Migration for the reviewer; 100% sure", "claude:1");
  await until(host, () => reviewer.summary().unread === 1);

  // Every word must be there, the last one as a beginning; nothing in them is an operator.
  expect(await texts({ query: "migr", agentId: here })).toHaveLength(4);
  expect(await texts({ query: "resume migrations" })).toEqual(["Migrations: résumé tomorrow"]);
  expect(await texts({ query: 'users" OR "tomorrow' })).toEqual([]);
  expect(await texts({ query: "100%" })).toHaveLength(2);
  expect(await texts({ query: "-*(" })).toEqual([]);

  // Whose, which way, unread or not.
  expect(await texts({ query: "migr", agentId: here, label: "claude:2" })).toHaveLength(2);
  expect(await texts({ agentId: here, label: "claude:2", way: "sent" })).toEqual([
    "Migrations: résumé tomorrow",
  ]);
  expect(await texts({ agentId: here, label: "claude:2", way: "received" })).toEqual([
    "The <b>migration</b> locks users",
  ]);
  expect(await texts({ unread: true, agentId: here, label: "claude:1" })).toEqual([
    "Migrations: résumé tomorrow",
  ]);
  expect(await texts({ query: "migration", peer: there })).toHaveLength(1);

  // Held mail is found too, and said to be held; what was sent carries its ladder.
  const { found } = await find({ query: "nobody" });
  expect(found).toMatchObject([{ place: "held", agentName: "planner", label: "claude:1" }]);
  expect((await find({ query: "reviewer", agentId: here })).found).toMatchObject([
    { place: "sent", label: "claude:1", message: { rung: expect.any(String) } },
  ]);
  expect((await find({ query: "reviewer", agentId: there })).found).toMatchObject([
    { place: "inbox", label: theirs.label, message: { readAt: null } },
  ]);

  // Page by page over both agents: everything once, newest first.
  const pages: string[] = [];
  let before: Record<string, number> | null = {};
  while (before) {
    const page: Awaited<ReturnType<typeof find>> = await find({ query: "migr", limit: 2, before });
    pages.push(...page.found.map(({ agentName, message }) => `${agentName} ${message.text}`));
    before = page.next;
  }
  expect(pages).toHaveLength(5);
  expect(new Set(pages).size).toBe(5);
});

test("U2 a session's mail falls into conversations, each with its unread count", async () => {
  const host = await startHost(temporaryHome());
  const planner = await host.agents.create("planner");
  const reviewer = await host.agents.create("reviewer");
  const calls = mailHandlers(host);
  const one = await liveSession(planner, "claude:1");
  const two = await liveSession(planner, "claude:2");
  const theirs = await liveSession(reviewer, "claude:1");
  const [here, there] = [planner.identity.cryptoId, reviewer.identity.cryptoId];
  await send(planner, one, here, "to my own second", "claude:2");
  await send(planner, two, here, "first answer", "claude:1");
  await send(planner, two, here, "second answer", "claude:1");
  await send(planner, one, there, "to the reviewer", "claude:1");
  await send(reviewer, theirs, here, "from the reviewer", "claude:1");
  await until(host, () => planner.summary().unread === 4);

  const inbox = { agentId: here, label: "claude:1" };
  const { conversations } = await calls["inbox.conversations"](inbox);
  expect(conversations).toMatchObject([
    { peer: there, peerName: "reviewer", start: "from the reviewer", sent: false, unread: 1 },
    { peer: here, other: "claude:2", start: "second answer", sent: false, unread: 2 },
  ]);
  expect(conversations[0]).toMatchObject({ suite: "libsignal", verifiedAt: null });
  expect(conversations[0]).not.toHaveProperty("other");

  const texts = async (part: object) =>
    (await calls["inbox.list"]({ ...inbox, limit: 50, ...part })).messages.map(({ text }) => text);
  expect(await texts({ peer: there })).toEqual(["from the reviewer", "to the reviewer"]);
  expect(await texts({ peer: here, other: "claude:2" })).toEqual([
    "second answer",
    "first answer",
    "to my own second",
  ]);
  expect(await texts({ unread: true })).toHaveLength(3);

  // A session that ended stays in reach.
  expect(calls["inbox.earlier"]({ agentId: here })).toEqual({ labels: [] });
  for (const peer of [...one.peers]) planner.sessions.detach(peer);
  expect(calls["inbox.earlier"]({ agentId: here })).toMatchObject({
    labels: [{ label: "claude:1" }],
  });

  // A page of the past says that there is newer mail.
  const all = await calls["inbox.list"]({ ...inbox, limit: 50 });
  expect(all).toMatchObject({ more: false, newer: false });
  const before = all.messages[2]?.seq ?? 0;
  const past = await calls["inbox.list"]({ ...inbox, before, limit: 1 });
  expect(past).toMatchObject({
    more: true,
    newer: true,
    messages: [{ seq: all.messages[3]?.seq }],
  });
  expect(await texts({ peer: there, unread: true })).toEqual(["from the reviewer"]);
  expect(await texts({ peer: here, other: null })).toEqual([]);
});
