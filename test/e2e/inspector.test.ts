import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { tools } from "../../electron/bridge/mcp/tools.ts";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/**
 * Every tool through the MCP Inspector's command line, good and bad input each: a client that is not
 * the SDK's own test harness, one bridge process a call.
 */
const INSPECTOR = fileURLToPath(new URL("../../node_modules/.bin/mcp-inspector", import.meta.url));
const CLI = process.env.TINYPLACE_TEST_CLI ?? "";

interface Answer {
  readonly isError?: boolean;
  readonly content: { text: string }[];
  readonly structuredContent?: Record<string, never>;
  readonly tools?: { name: string }[];
}

function inspector(home: string, words: readonly string[]): Promise<{ code: number; out: string }> {
  const server = [process.execPath, CLI, "mcp", "--home", home];
  const session = ["-e", "TINYPLACE_ACTIVE_WALLET=me", "-e", "CLAUDE_CODE_SESSION_ID=inspected"];
  const child = spawn(process.execPath, [INSPECTOR, "--cli", ...session, ...server, ...words], {
    env: { ...process.env, HOME: home, TINYPLACE_KEYSTORE: "file" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let out = "";
  child.stdout.on("data", (data: Buffer) => {
    out += data.toString();
  });
  return new Promise((resolve) =>
    child.once("close", (code) => resolve({ code: code ?? -1, out })),
  );
}

test("M1 every tool answers the Inspector, good input and bad", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const call = async (tool: string, input: Record<string, unknown> = {}): Promise<Answer> => {
    const pairs = Object.entries(input).map(([name, value]) =>
      typeof value === "string" ? `${name}=${value}` : `${name}=${JSON.stringify(value)}`,
    );
    const words = pairs.length > 0 ? ["--tool-arg", ...pairs] : [];
    const { out } = await inspector(home, [
      "--method",
      "tools/call",
      "--tool-name",
      tool,
      ...words,
    ]);
    return JSON.parse(out) as Answer;
  };
  const strict = await inspector(home, ["--method", "tools/list", "--strict"]);
  expect(strict.code).toBe(0);

  const created = async (name: string) => {
    const { structuredContent } = await call("wallet_create", { name });
    const answer = structuredContent as unknown as { created: { address: string } };
    return answer.created.address;
  };
  const me = await created("me");
  const other = await created("other");
  const stranger = drawIdentity("stranger").cryptoId;
  const first = (await call("send", { to: me, body: "to myself" })).structuredContent;
  const { id } = (first as unknown as { sent: { id: string } }).sent;
  const far = (await call("send", { to: stranger, body: "to nobody" })).structuredContent;
  const away = (far as unknown as { sent: { id: string } }).sent.id;

  const good: [string, Record<string, unknown>][] = [
    ["wallet_list", {}],
    ["use", { name: "me" }],
    ["whoami", {}],
    ["assign", { name: "me" }],
    ["assignments", {}],
    ["unassign", {}],
    ["sessions", {}],
    ["auto_reply", { to: me, body: "by itself", in_reply_to: id }],
    ["send_and_wait", { to: me, body: "anybody?", timeout_seconds: 0 }],
    ["status", { id }],
    ["cancel", { id: away }],
    ["unrouted", {}],
    ["search", { query: "myself" }],
    ["reset_session", { peer: other }],
    ["inbox", { peek: true }],
    ["check_reply", { in_reply_to: id, wait_seconds: 0 }],
    ["await_reply", { from: other, timeout_seconds: 0 }],
    ["contact_add", { to: other }],
    ["contact_requests", {}],
    ["contacts", {}],
    ["contact_remove", { peer: other }],
    ["contact_block", { peer: other }],
    ["autorespond", { state: "on" }],
    ["autorespond", { state: "off" }],
    ["autorespond", {}],
  ];
  for (const [tool, input] of good) {
    const answer = await call(tool, input);
    expect([tool, answer.isError ?? false, answer.content]).toEqual([
      tool,
      false,
      expect.anything(),
    ]);
    expect(JSON.parse(answer.content[0]?.text ?? "")).toEqual(answer.structuredContent);
  }
  const bad: [string, Record<string, unknown>, string][] = [
    ["wallet_create", { name: "me" }, "wallet_exists"],
    ["wallet_list", { extra: 1 }, "bad_request"],
    ["use", { name: "nobody" }, "wallet_unknown"],
    ["whoami", { extra: 1 }, "bad_request"],
    ["assign", { name: "nobody" }, "wallet_unknown"],
    ["assignments", { extra: 1 }, "bad_request"],
    ["unassign", { scope: "everywhere" }, "bad_request"],
    ["sessions", { extra: 1 }, "bad_request"],
    ["send", { to: "nobody at all", body: "x" }, "peer_unknown"],
    ["auto_reply", { to: me, body: "no question" }, "bad_request"],
    ["send_and_wait", { to: me, body: "x", timeout_seconds: 601 }, "bad_request"],
    ["status", { id: "msg-none" }, "bad_request"],
    ["cancel", { id }, "not_allowed"],
    ["unrouted", { claim: ["msg-none"] }, "bad_request"],
    ["search", { query: "x".repeat(401) }, "bad_request"],
    ["reset_session", { peer: "@nobody" }, "handle_unknown"],
    ["inbox", { extra: 1 }, "bad_request"],
    ["check_reply", { in_reply_to: "msg-none", wait_seconds: 0 }, "bad_request"],
    ["await_reply", { from: other, timeout_seconds: 601 }, "bad_request"],
    ["contact_add", { to: "nobody at all" }, "peer_unknown"],
    ["contact_accept", { from: other }, "contact_unknown"],
    ["contact_requests", { extra: 1 }, "bad_request"],
    ["contacts", { extra: 1 }, "bad_request"],
    ["contact_remove", {}, "bad_request"],
    ["contact_block", { peer: me }, "bad_request"],
    ["autorespond", { state: "perhaps" }, "bad_request"],
  ];
  for (const [tool, input, code] of bad) {
    const answer = await call(tool, input);
    const text = answer.content[0]?.text ?? "{}";
    expect([tool, answer.isError, JSON.parse(text).code]).toEqual([tool, true, code]);
  }
  const tested = new Set([...good, ...bad].map(([tool]) => tool));
  expect([...tested].sort()).toEqual(Object.keys(tools).sort());
}, 300_000);
