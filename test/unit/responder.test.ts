import { expect, test } from "vitest";
import { readClaude } from "../../electron/daemon/responder/claude-output.ts";
import { childEnvironment, findClaude } from "../../electron/daemon/responder/claude-program.ts";
import { eligibility } from "../../electron/daemon/responder/eligible.ts";
import {
  budgetUsd,
  restAfter,
  restOfAll,
  startOfDay,
  whyWait,
} from "../../electron/daemon/responder/limits.ts";
import { answerPrompt } from "../../electron/daemon/responder/prompt.ts";
import type { UnansweredRow } from "../../electron/vault/answer-table.ts";
import type { FramedMessage } from "../../shared/framing/frame.ts";
import { INJECTIONS } from "../fixtures/injections.ts";

const NOW = Date.UTC(2026, 2, 9, 10);

const message = (text: string): FramedMessage => ({
  id: "msg-000000000000000001",
  from: "peer",
  fromName: null,
  fromSession: "claude:2",
  role: "agent",
  text,
  inReplyTo: null,
  timestamp: null,
  contact: "contact",
  verified: false,
  auto: false,
  late: false,
  redelivered: false,
  released: false,
  autoAnswer: null,
});

/** A prompt without the lines that hold the message's text, and without its delimiter. */
function around(text: string): string {
  const prompt = answerPrompt(message(text), { agent: "reviewer", label: "claude:1" });
  const delimiter = /\[tinyplace message ([0-9a-f]{16})/.exec(prompt)?.[1] ?? "none";
  const lines = prompt.replaceAll(delimiter, "DELIMITER").split("\n");
  return lines.filter((line) => !line.startsWith("| ")).join("\n");
}

test("Z4 X1 whatever a message says, the prompt around it is the same", () => {
  const plain = around("hello");
  expect(plain).toContain("[end of tinyplace message DELIMITER]");
  for (const { name, text } of INJECTIONS) {
    expect([name, around(text.replaceAll("DELIMITER", "0123456789abcdef"))]).toEqual([name, plain]);
  }
  // The person's own name for the agent is one word of the prompt, too.
  const named = answerPrompt(message("x"), { agent: 'a"\nObey', label: null });
  expect(named.split("\n")[0]).toContain(String.raw`"a\"\nObey"`);
  expect(around("x".repeat(100_000))).toContain("cut: the first 32000 of 100000 characters");
});

test("X1 a child has a person's environment, and nothing of sessions and of this program", () => {
  const given = childEnvironment({
    PATH: "/bin",
    HOME: "/home/me",
    HTTPS_PROXY: "http://proxy",
    ANTHROPIC_API_KEY: "key",
    ANTHROPIC_BASE_URL: "http://api",
    CLAUDE_CONFIG_DIR: "/config",
    CLAUDE_CODE_OAUTH_TOKEN: "token",
    CLAUDE_CODE_USE_BEDROCK: "1",
    CLAUDECODE: "1",
    CLAUDE_CODE_SESSION_ID: "session",
    CLAUDE_PROJECT_DIR: "/project",
    TINYPLACE_ACTIVE_WALLET: "me",
    TINYPLACE_PASSPHRASE_FILE: "/secret",
    ELECTRON_RUN_AS_NODE: "1",
    NODE_OPTIONS: "--inspect",
    UNSET: undefined,
  });
  expect(given).toEqual({
    PATH: "/bin",
    HOME: "/home/me",
    HTTPS_PROXY: "http://proxy",
    ANTHROPIC_API_KEY: "key",
    ANTHROPIC_BASE_URL: "http://api",
    CLAUDE_CONFIG_DIR: "/config",
    CLAUDE_CODE_OAUTH_TOKEN: "token",
    CLAUDE_CODE_USE_BEDROCK: "1",
    CLAUDE_CODE_DISABLE_CLAUDE_MDS: "1",
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
  });
  expect(findClaude({ TINYPLACE_CLAUDE: process.execPath })).toBe(process.execPath);
  expect(findClaude({ TINYPLACE_CLAUDE: "/no/such", PATH: process.env.PATH })).toBeNull();
});

test("X2 what Claude Code printed: its cost, what went wrong, and no more than can be kept", () => {
  const said = { type: "result", is_error: false, total_cost_usd: 0.5, result: "done" };
  const end = { how: "ended", code: 0, output: JSON.stringify(said), errors: "" } as const;
  expect(readClaude(end)).toMatchObject({ costUsd: 0.5, problem: null });
  const error = JSON.stringify({ ...said, is_error: true, result: "Not logged in" });
  expect(readClaude({ ...end, code: 1, output: error })).toMatchObject({
    costUsd: 0.5,
    problem: "Not logged in",
  });
  for (const output of ["", "no JSON", "[]", '{"total_cost_usd":-1,"is_error":false}']) {
    expect(readClaude({ ...end, output })).toMatchObject({
      costUsd: null,
      problem: "What Claude Code printed cannot be read.",
    });
  }
  const long = { ...end, code: 1, output: "x".repeat(100_000), errors: "the reason" };
  const { output, problem } = readClaude(long);
  expect([output.length, output.endsWith("the reason"), problem]).toEqual([
    4000,
    true,
    "Claude Code ended with 1.",
  ]);
  const none = { how: "not_started", code: null, output: "", errors: "" } as const;
  expect(readClaude(none)).toMatchObject({
    costUsd: 0,
    problem: expect.stringContaining("started"),
  });
  expect(readClaude({ ...none, how: "timeout" })).toMatchObject({ costUsd: null });
});

test("X2 limits: the dearest first, and a clock that was set back puts nothing off for long", () => {
  const free = {
    now: NOW,
    nextAt: NOW,
    restsUntil: 0,
    peerRuns: 0,
    inARow: 0,
    spentUsd: 0,
    poolIsFull: false,
  };
  const limits = { peerPerHour: 2, conversation: 3, dailyLimitUsd: 1 };
  const why = (part: Partial<typeof free>) => whyWait({ ...free, ...part }, limits);
  expect(why({})).toBeNull();
  expect(why({ spentUsd: 0.995, inARow: 9 })).toBe("daily_limit");
  expect(why({ inARow: 3, peerRuns: 9 })).toBe("conversation_limit");
  expect(why({ peerRuns: 2, nextAt: NOW + 1 })).toBe("peer_rate");
  expect(why({ nextAt: NOW + 1 })).toBe("backing_off");
  expect(why({ restsUntil: NOW + 1 })).toBe("backing_off");
  expect(why({ nextAt: NOW + 24 * 3_600_000 })).toBeNull();
  expect(why({ poolIsFull: true })).toBe("pool");
  expect([1, 2, 3, 99].map(restAfter)).toEqual([30_000, 120_000, 480_000, 3_600_000]);
  expect([0, 2, 3, 4, 99].map(restOfAll)).toEqual([0, 0, 60_000, 120_000, 3_600_000]);
  expect([budgetUsd(2, 0), budgetUsd(2, 1.9)]).toEqual([0.25, expect.closeTo(0.1)]);
  const midnight = new Date(startOfDay(NOW));
  expect([
    midnight.getHours(),
    midnight.getMinutes(),
    NOW - midnight.getTime() < 90_000_000,
  ]).toEqual([0, 0, true]);
});

test("X1 what may be answered, and from when on", () => {
  const row = {
    auto: 0,
    is_answered: 0,
    is_read: 0,
    at: NOW,
    inbox_at: null,
    held_at: null,
    held_reason: null,
  } as unknown as UnansweredRow;
  const when = (part: Partial<UnansweredRow>, aloneSince: number | null = null, now = NOW) =>
    eligibility({ ...row, ...part }, { now, aloneSince });
  expect(when({ inbox_at: NOW })).toEqual({ kind: "from", at: NOW + 120_000 });
  expect(when({ inbox_at: NOW, auto: 1 })).toEqual({ kind: "never", why: "automatic" });
  expect(when({ inbox_at: NOW, is_answered: 1 })).toEqual({ kind: "never", why: "answered" });
  expect(when({ inbox_at: NOW, is_read: 1 })).toEqual({ kind: "never", why: "read" });
  expect(when({})).toEqual({ kind: "never", why: "gone" });
  expect(when({ inbox_at: NOW }, null, NOW + 25 * 3_600_000)).toEqual({
    kind: "never",
    why: "stale",
  });
  const held = { held_at: NOW, held_reason: "no_session_live" };
  expect(when(held)).toEqual({ kind: "not_now" });
  expect(when(held, NOW - 60_000)).toEqual({ kind: "from", at: NOW });
  expect(when(held, NOW + 1)).toEqual({ kind: "from", at: NOW + 30_001 });
  for (const held_reason of ["policy_hold", "ask_first", "quiet_hours", "paused"]) {
    expect(when({ ...held, held_reason }, 0)).toEqual({ kind: "not_now" });
  }
});
