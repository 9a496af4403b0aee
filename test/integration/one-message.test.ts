import { expect, test } from "vitest";
import { type BridgeClient, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** The program's main job over real processes: daemon, relay, ratchet, vaults, socket, bridges. */
async function twoAgents() {
  const home = temporaryHome();
  const daemon = await startDaemon(home);
  const setup = await startBridge(home);
  const created = async (name: string) => {
    const answer = await setup.call("wallet_create", { name });
    return (answer.created as { address: string }).address;
  };
  const planner = await created("planner");
  const reviewer = await created("reviewer");
  await setup.close();
  return { home, daemon, planner, reviewer };
}

function session(home: string, wallet: string, id: string, label?: string): Promise<BridgeClient> {
  return startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: wallet,
    CLAUDE_CODE_SESSION_ID: id,
    ...(label ? { TINYPLACE_SESSION_LABEL: label } : {}),
  });
}

const labelOf = async (bridge: BridgeClient) => (await bridge.call("whoami")).label;
const texts = async (bridge: BridgeClient) =>
  ((await bridge.call("inbox")).messages as { text: string }[]).map((one) => one.text);

test("R1 mail for a label reaches that session alone, and A1 its answer is found", async () => {
  const { home, planner, reviewer } = await twoAgents();
  const asking = await session(home, "planner", "p-1");
  expect(await labelOf(asking)).toBe("claude:1");
  const first = await session(home, "reviewer", "r-1");
  expect(await labelOf(first)).toBe("claude:1");
  const second = await session(home, "reviewer", "r-2");
  expect(await labelOf(second)).toBe("claude:2");

  const { sent } = (await asking.call("send", {
    to: reviewer,
    body: "Please review the plan.",
    to_session: "claude:2",
  })) as { sent: { id: string; state: string; via: string } };
  expect(sent).toMatchObject({ via: "relay", state: "queued" });

  const got = (await second.call("await_reply", { from: planner, timeout_seconds: 30 })) as {
    reply: { id: string; fromSession: string; text: string };
  };
  expect(got.reply).toMatchObject({
    id: sent.id,
    fromSession: "claude:1",
    text: "Please review the plan.",
  });
  expect(await texts(first)).toEqual([]);
  expect(await texts(second)).toEqual([]);

  await second.call("send", {
    to: planner,
    body: "Looks right.",
    to_session: got.reply.fromSession,
    in_reply_to: got.reply.id,
  });
  const answer = await asking.call("check_reply", { in_reply_to: sent.id });
  expect(answer.reply).toMatchObject({
    text: "Looks right.",
    inReplyTo: sent.id,
    fromSession: "claude:2",
    redelivered: false,
  });
  expect(await texts(asking)).toEqual([]);
});

test("R7 mail between two sessions of one agent arrives with no ratchet and the relay away", async () => {
  const home = temporaryHome();
  // Nothing listens on port 9 of loopback.
  await startDaemon(home, { TINYPLACE_API_URL: "http://127.0.0.1:9" });
  const one = await startBridge(home, { CLAUDE_CODE_SESSION_ID: "s-1" });
  const { created } = (await one.call("wallet_create", { name: "solo" })) as {
    created: { address: string };
  };
  expect((await one.call("use", { name: "solo" })).label).toBe("claude:1");
  const two = await session(home, "solo", "s-2");
  expect(await labelOf(two)).toBe("claude:2");
  const answer = await one.call("send", {
    to: created.address,
    body: "over to you",
    to_session: "claude:2",
  });
  expect(answer.sent).toMatchObject({ via: "local", state: "inbox" });
  expect(await texts(two)).toEqual(["over to you"]);
  expect(await texts(one)).toEqual([]);
});

test("R1 mail for an absent session is held, and delivered when one takes the label", async () => {
  const { home, planner, reviewer } = await twoAgents();
  const asking = await session(home, "planner", "p-1");
  const first = await session(home, "reviewer", "r-1");
  expect(await labelOf(first)).toBe("claude:1");
  await asking.call("send", { to: reviewer, body: "for seven", to_session: "claude:7" });
  await asking.call("send", { to: reviewer, body: "for one", to_session: "claude:1" });
  // Order within one sender is kept: once the later one is there, the earlier one was placed.
  const later = await first.call("await_reply", { from: planner, timeout_seconds: 30 });
  expect(later.reply).toMatchObject({ text: "for one" });
  const seven = await session(home, "reviewer", "r-7", "claude:7");
  expect(await labelOf(seven)).toBe("claude:7");
  expect(await texts(seven)).toEqual(["for seven"]);
  expect(await texts(first)).toEqual([]);
});

test("M1 a session survives a killed daemon: it takes its label back and mail arrives once", async () => {
  const { home, daemon, planner, reviewer } = await twoAgents();
  const asking = await session(home, "planner", "p-1");
  const second = await session(home, "reviewer", "r-2", "claude:2");
  expect(await labelOf(second)).toBe("claude:2");
  await asking.call("send", { to: reviewer, body: "before", to_session: "claude:2" });
  await daemon.stop("SIGKILL");
  await startDaemon(home);
  await asking.call("send", { to: reviewer, body: "after", to_session: "claude:2" });
  const got: unknown[] = [];
  while (got.length < 2) {
    const answer = await second.call("await_reply", { from: planner, timeout_seconds: 30 });
    got.push((answer.reply as { text: string } | null)?.text);
  }
  expect(got).toEqual(["before", "after"]);
  expect(await labelOf(second)).toBe("claude:2");
  expect(await texts(second)).toEqual([]);
});
