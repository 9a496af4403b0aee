import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readCall, readResult } from "../../electron/bridge/mcp/tool-schemas.ts";
import { tools } from "../../electron/bridge/mcp/tools.ts";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { type BridgeClient, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { createWallet } from "../support/two-homes.ts";

/** What each tool may do: read only, destructive, open world. A new tool has to be judged here. */
const ANNOTATIONS: Record<string, readonly [boolean, boolean, boolean]> = {
  wallet_create: [false, false, false],
  wallet_list: [true, false, false],
  use: [false, false, false],
  whoami: [true, false, false],
  assign: [false, false, false],
  unassign: [false, true, false],
  assignments: [true, false, false],
  sessions: [true, false, false],
  send: [false, false, true],
  auto_reply: [false, false, true],
  send_and_wait: [false, false, true],
  status: [true, false, false],
  cancel: [false, true, false],
  inbox: [false, false, true],
  check_reply: [false, false, true],
  await_reply: [false, false, true],
  contact_add: [false, false, true],
  contact_accept: [false, false, true],
  contact_remove: [false, true, true],
  contact_block: [false, true, true],
  contact_requests: [true, false, true],
  contacts: [true, false, true],
  unrouted: [false, false, true],
  search: [true, false, true],
  reset_session: [false, true, false],
  autorespond: [false, false, false],
};

const object = z.object({
  type: z.literal("object"),
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).optional(),
  additionalProperties: z.literal(false),
});
const refusal = z.strictObject({
  error: z.string().min(1),
  code: z.string().min(1),
  next: z.string().min(1),
});

/** A call by the SDK's client, which checks what comes back against the announced output schema. */
async function call(bridge: BridgeClient, name: string, input: Record<string, unknown>) {
  const answer = await bridge.client.callTool({ name, arguments: input });
  const { isError, structuredContent, content } = answer as CallToolResult;
  const [first] = content;
  if (first?.type !== "text") throw new Error(`${name} answered without text`);
  return { isError, structuredContent, text: JSON.parse(first.text) as unknown };
}

async function refused(bridge: BridgeClient, name: string, input: Record<string, unknown>) {
  const answer = await call(bridge, name, input);
  expect([name, answer.isError, answer.structuredContent]).toEqual([name, true, undefined]);
  return refusal.parse(answer.text).code;
}

describe("section 8: every tool", () => {
  test("is announced with both schemas, and with what it may change", async () => {
    const bridge = await startBridge(temporaryHome());
    const listed = (await bridge.client.listTools()).tools;
    const hints = listed.map(({ name, annotations }) => [
      name,
      [annotations?.readOnlyHint, annotations?.destructiveHint, annotations?.openWorldHint],
    ]);
    expect(Object.fromEntries(hints)).toEqual(ANNOTATIONS);
    for (const tool of listed) {
      expect(tool.title).not.toBe("");
      expect(tool.description?.length).toBeGreaterThan(20);
      expect(object.safeParse(tool.inputSchema).error).toBeUndefined();
      const output = object.parse(tool.outputSchema);
      expect(Object.keys(output.properties).length).toBeGreaterThan(0);
    }
  });

  test("answers good input as announced, bad input with code and next step", async () => {
    const home = temporaryHome();
    // Any program there is will do for Claude Code: nothing is answered here.
    await startDaemon(home, { TINYPLACE_CLAUDE: process.execPath });
    const bridge = await startBridge(home, { CLAUDE_CODE_SESSION_ID: "s-1" });
    // The client checks results against the schemas it has seen.
    await bridge.client.listTools();
    const other = await createWallet(bridge, "other");
    const seen = new Set<string>();
    const good = async (name: string, input: Record<string, unknown> = {}) => {
      seen.add(name);
      const answer = await call(bridge, name, input);
      expect([name, answer.isError, answer.text]).toEqual([name, undefined, expect.anything()]);
      expect(answer.text).toEqual(answer.structuredContent);
      // A field of no tool: misspelt input is never passed over.
      expect(await refused(bridge, name, { ...input, to_sesion: "claude:1" })).toBe("bad_request");
      return answer.structuredContent as Record<string, Record<string, unknown>>;
    };

    const nobody = { active: null, label: null, assigned: null, autorespond: null };
    expect(await good("whoami")).toMatchObject(nobody);
    await good("wallet_list");
    await good("assignments");
    for (const name of ["sessions", "inbox", "contacts", "contact_requests", "autorespond"]) {
      expect(await refused(bridge, name, {})).toBe("session_required");
    }
    await good("wallet_create", { name: "me" });
    const me = (await good("use", { name: "me" })).active?.address;
    await good("assign", { name: "me" });
    await good("unassign");
    await good("whoami");
    await good("sessions");
    const { sent } = await good("send", { to: me, body: "to myself" });
    await good("status", { id: sent?.id });
    const stranger = drawIdentity("stranger").cryptoId;
    const far = await good("send", { to: stranger, body: "to nobody" });
    await good("cancel", { id: far.sent?.id });
    await good("auto_reply", { to: me, body: "by itself", in_reply_to: sent?.id });
    await good("send_and_wait", { to: me, body: "anybody?", timeout_seconds: 0 });
    await good("unrouted");
    await good("search", { query: "myself" });
    await good("reset_session", { peer: other });
    await good("inbox", { peek: true });
    await good("check_reply", { in_reply_to: sent?.id, wait_seconds: 0 });
    await good("await_reply", { from: other, timeout_seconds: 0 });
    await good("contact_add", { to: other });
    await good("contact_requests");
    await good("contacts");
    await good("contact_remove", { peer: other });
    await bridge.call("use", { name: "other" });
    await bridge.call("contact_add", { to: me });
    await bridge.call("use", { name: "me" });
    await good("contact_accept", { from: other });
    await good("contact_block", { peer: other });
    const state = async () => (await good("whoami")).autorespond;
    expect(await state()).toBe("off");
    const on = { state: "on", reason: "turned_on", waiting: 0, dailyLimitUsd: 2 };
    expect((await good("autorespond", { state: "on" })).autorespond).toMatchObject(on);
    expect(await state()).toBe("on");
    const off = { state: "off", reason: "not_turned_on" };
    expect((await good("autorespond", { state: "off" })).autorespond).toMatchObject(off);
    expect((await good("autorespond", { state: "status" })).autorespond).toMatchObject(off);
    expect([...seen].sort()).toEqual(Object.keys(ANNOTATIONS).sort());

    const bad: Record<string, [Record<string, unknown>, string]> = {
      wallet_create: [{ name: "me" }, "wallet_exists"],
      use: [{ name: "nobody" }, "wallet_unknown"],
      assign: [{ name: "me", scope: "project" }, "bad_request"],
      unassign: [{ scope: "everywhere" }, "bad_request"],
      send: [{ to: "@nobody", body: "x" }, "handle_unknown"],
      auto_reply: [{ to: me, body: "no question" }, "bad_request"],
      send_and_wait: [{ to: me, body: "x", timeout_seconds: 601 }, "bad_request"],
      unrouted: [{ claim: ["msg-none"] }, "bad_request"],
      search: [{ query: "" }, "bad_request"],
      reset_session: [{ peer: "@nobody" }, "handle_unknown"],
      status: [{ id: "msg-none" }, "bad_request"],
      cancel: [{ id: sent?.id }, "not_allowed"],
      inbox: [{ peek: "yes" }, "bad_request"],
      check_reply: [{ in_reply_to: "msg-none", wait_seconds: 0 }, "bad_request"],
      await_reply: [{ from: other, timeout_seconds: 601 }, "bad_request"],
      contact_add: [{ to: "" }, "bad_request"],
      contact_accept: [{ from: me }, "contact_unknown"],
      contact_remove: [{}, "bad_request"],
      contact_block: [{ peer: me }, "bad_request"],
      autorespond: [{ state: "perhaps" }, "bad_request"],
    };
    for (const [name, [input, code]] of Object.entries(bad)) {
      expect([name, await refused(bridge, name, input)]).toEqual([name, code]);
    }
    expect(await refused(bridge, "no_such_tool", {})).toBe("bad_request");
  });
});

describe("section 8: what the bridge reads", () => {
  test("input is named by field, with what the tool takes", () => {
    expect(() => readCall(tools, "send", { body: "x" })).toThrow(/^send: to: /);
    const extra = { to: "@a", body: "x", to_sesion: "claude:1" };
    expect(() => readCall(tools, "send", extra)).toThrow(/to_sesion.*Nothing was done/);
    for (const name of ["constructor", "__proto__", ""]) {
      expect(() => readCall(tools, name, {})).toThrow("There is no tool");
    }
    expect(readCall(tools, "whoami", undefined).input).toEqual({});
  });

  test("a newer host's further fields are left out, a result without the promised ones refused", () => {
    const { tool } = readCall(tools, "contacts", {});
    const contact = { agentId: "a", status: "accepted" };
    const newer = { contacts: [{ ...contact, since: 1 }], more: true };
    expect(readResult(tool, newer)).toEqual({ contacts: [contact] });
    expect(() => readResult(tool, { contacts: null })).toThrow("does not know");
  });
});
