import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandLine } from "../support/command-line.ts";
import { startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

interface Sent {
  sent: { id: string; to: string; state: string; ladder: { rung: string }[] };
  reply?: { text: string } | null;
}
interface Inboxes {
  taken: boolean;
  inboxes: {
    label: string;
    live: boolean;
    unread: number;
    messages: { id: string; text: string }[];
  }[];
}

/** What a stranger would like a terminal to do. */
const HOSTILE =
  "red \u001b[31m, title \u001b]0;x\u0007, C1 \u009b2J, back \u202eward\u202c\r\nnext";

/** A daemon, two agents, and a live session of the second. */
async function two() {
  const home = temporaryHome();
  await startDaemon(home);
  const cli = commandLine(home);
  const create = async (name: string) =>
    (await cli.json<{ created: { address: string } }>("agents", "create", name)).created.address;
  const [planner, reviewer] = [await create("planner"), await create("reviewer")];
  const session = await startBridge(home, { CLAUDE_CODE_SESSION_ID: "r-1" });
  await session.call("use", { name: "reviewer" });
  return { home, cli, planner, reviewer, session };
}

test("U5 send prints the id and the ladder; --wait follows it to the end", async () => {
  const { home, cli, planner, reviewer, session } = await two();
  const plain = await cli("send", "reviewer", "are", "you there?", "--wallet", "planner");
  expect(plain).toMatchObject({ code: 0, stderr: "" });
  expect(plain.stdout).toMatch(/^msg-[0-9a-f]{18} to \w+\n {2}queued +\S+\n/);
  // As planner, to reviewer's session by its address, the text piped in; it is answered meanwhile.
  const piped = commandLine(home, {
    input: "piped: what now?\n",
    env: { TINYPLACE_ACTIVE_WALLET: "planner" },
  });
  const waiting = piped("send", reviewer, "--session", "claude:1", "--wait", "answered");
  const next = async () => {
    const { reply } = await session.call("await_reply", { from: planner, timeout_seconds: 60 });
    return reply as { id: string; from: string; text: string };
  };
  expect((await next()).text).toBe("are you there?");
  const asked = await next();
  expect(asked.text).toBe("piped: what now?\n");
  await session.call("send", { to: asked.from, body: "an answer", in_reply_to: asked.id });
  const answered = await waiting;
  expect(answered).toMatchObject({ code: 0 });
  expect(answered.stdout).toMatch(/answered +\S+\nanswer msg-\w+ claude:1\n {2}\| an answer\n$/);
  expect(answered.stderr).toMatch(/^queued \S+\n(.*\n)*answered \S+\n$/);
});

test("U5 send says as JSON how far a message came, and by its exit code that it waited in vain", async () => {
  const { home, cli, reviewer } = await two();
  const file = join(home, "text");
  writeFileSync(file, "from a file");
  const sent = await cli.json<Sent>(
    "send",
    "reviewer",
    "--file",
    file,
    "--wallet",
    "reviewer",
    "--session",
    "claude:7",
  );
  expect(sent.sent).toMatchObject({
    to: reviewer,
    toSession: "claude:7",
    via: "local",
    state: "held",
  });
  const late = await cli(
    "send",
    "reviewer",
    "x",
    "--wallet",
    "reviewer",
    "--session",
    "claude:7",
    "--wait",
    "--timeout",
    "1",
  );
  expect(late.code).toBe(5);
  expect(late.stderr).toMatch(/not read within 1 s/);
  const from = ["--wallet", "planner"];
  for (const [words, exit, code] of [
    [["send", "reviewer", ...from], 2, "bad_request"],
    [["send", "reviewer", "hi", "--session", "no label", ...from], 2, "bad_request"],
    [["send", "reviewer", "hi", "--file", file, ...from], 2, "bad_request"],
    [["send", "reviewer", "--file", join(home, "none"), ...from], 2, "bad_request"],
    [["send", "reviewer", "hi", "--wait", "seen", ...from], 2, "bad_request"],
    [["send", "reviewer", "hi", "--timeout", "soon", ...from], 2, "bad_request"],
    [["send", ...from], 2, "bad_request"],
    [["send", "reviewer", "hi"], 2, "bad_request"],
    [["send", "nobody", "hi", ...from], 1, "peer_unknown"],
    [["send", "@nobody", "hi", ...from], 1, "handle_unknown"],
    [["send", "reviewer", "hi", "--wallet", "ghost"], 1, "wallet_unknown"],
  ] as const) {
    expect([words, await cli.fails(...words)]).toMatchObject([
      words,
      { exit, code, next: expect.stringMatching(/\w/) },
    ]);
  }
});

test("U5 looking into an inbox leaves it unread; --take takes it, and the session gets it no more", async () => {
  const { cli, session } = await two();
  await cli.json("send", "reviewer", HOSTILE, "--wallet", "planner", "--session", "claude:1");
  const wallet = ["--wallet", "reviewer"];
  await expect
    .poll(() => cli.json<Inboxes>("inbox", ...wallet))
    .toMatchObject({
      taken: false,
      inboxes: [{ label: "claude:1", live: true, unread: 1, messages: [{ text: HOSTILE }] }],
    });
  const shown = await cli("inbox", ...wallet);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(
    /^claude:1 1 unread\nplanner \S+ msg-\w+\n {2}\| red <U\+001B>\[31m/,
  );
  // Nothing of it acts on a terminal, in words or in JSON.
  const asJson = await cli("inbox", ...wallet, "--json");
  for (const { stdout } of [shown, asJson]) expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);

  expect(await cli.fails("inbox", "--take", ...wallet)).toMatchObject({ exit: 2 });
  const taken = await cli.json<Inboxes>("inbox", "--take", "--session", "claude:1", ...wallet);
  expect(taken).toMatchObject({ taken: true, inboxes: [{ messages: [{ text: HOSTILE }] }] });
  expect(await session.call("inbox")).toMatchObject({ count: 0 });
  expect((await cli("inbox", ...wallet)).stdout).toBe("No unread mail for reviewer.\n");
});

test("U5 what is held is listed, given, answered, discarded, restored and made a rule", async () => {
  const { cli, planner, session } = await two();
  const hold = async (text: string) =>
    (await cli.json<Sent>("send", "reviewer", text, "--wallet", "planner", "--session", "claude:9"))
      .sent.id;
  const ids = [await hold("one"), await hold("two"), await hold("three")] as const;
  await expect.poll(() => cli.json("unrouted")).toMatchObject({ count: 3 });
  const listed = await cli("unrouted", "list");
  expect(listed.stdout).toContain(
    "planner to reviewer claude:9: its session is not live\n  | one\n",
  );

  expect(await cli.json("unrouted", "give", ids[0], "claude:1")).toEqual({
    given: { id: ids[0], label: "claude:1" },
  });
  const inbox = (await session.call("inbox")).messages as { id: string; released: boolean }[];
  expect(inbox).toMatchObject([{ id: ids[0], released: true }]);

  // By the beginning of its id; the answer goes to planner, in the name of the session it was for.
  const answer = await cli.json<Sent>("unrouted", "answer", ids[1].slice(0, 12), "an answer");
  expect(answer.sent).toMatchObject({ to: planner, fromSession: "claude:9" });

  expect(await cli("unrouted", "discard", ids[2])).toMatchObject({ code: 0 });
  expect(await cli.json("unrouted", "list", "--discarded")).toMatchObject({ count: 2 });
  expect(await cli.json("unrouted", "restore", ids[2])).toEqual({ restored: { id: ids[2] } });
  const wallet = ["--wallet", "reviewer"];
  await cli.json("unrouted", "rule", "claude:9", "claude:1", ...wallet);
  expect(await cli.json("unrouted", "rule", ...wallet)).toEqual({
    rules: [{ from: "claude:9", to: "claude:1" }],
  });
  expect(await session.call("inbox")).toMatchObject({ messages: [{ id: ids[2] }] });
  expect(await cli("unrouted", "rule", "claude:9", "--remove", ...wallet)).toMatchObject({
    code: 0,
  });
  expect((await cli("unrouted", "rule", ...wallet)).stdout).toBe("There is no rule.\n");

  for (const [words, exit, code] of [
    [["unrouted", "give", ids[0], "claude:1"], 1, "bad_request"],
    [["unrouted", "give", "msg-x", "claude:1"], 1, "bad_request"],
    [["unrouted", "give", ids[0]], 2, "bad_request"],
    [["unrouted", "answer", ids[0], "hm"], 1, "bad_request"],
    [["unrouted", "answer", ids[0]], 2, "bad_request"],
    [["unrouted", "discard", "msg-000000000000000000"], 1, "bad_request"],
    [["unrouted", "restore", ids[0]], 1, "bad_request"],
    [["unrouted", "rule", "claude:9", ...wallet], 2, "bad_request"],
    [["unrouted", "rule", "claude 9", "claude:1", ...wallet], 2, "bad_request"],
    [["unrouted", "rule", "claude:9", "claude:9", ...wallet], 1, "bad_request"],
    [["unrouted", "swallow"], 2, "bad_request"],
  ] as const) {
    expect([words, await cli.fails(...words)]).toMatchObject([words, { exit, code }]);
  }
});

test("U5 sessions shows who is live, and mail that waits for who is not", async () => {
  const { cli, session } = await two();
  expect((await cli("sessions")).stdout).toMatch(
    /^AGENT +SESSION +STATE +UNREAD +PROJECT +PROCESS\nreviewer +claude:1 +idle +0 +\S+ +\d+\n$/,
  );
  const { agents } = await cli.json<{ agents: { name: string; sessions: object[] }[] }>("sessions");
  expect(agents.map(({ name, sessions }) => [name, sessions.length])).toEqual([
    ["planner", 0],
    ["reviewer", 1],
  ]);
  await session.close();
  await expect
    .poll(async () => (await cli("sessions", "--wallet", "reviewer")).stdout)
    .toBe("No session is live.\n");
  expect(await cli.fails("sessions", "--wallet", "ghost")).toMatchObject({ exit: 1 });
});
