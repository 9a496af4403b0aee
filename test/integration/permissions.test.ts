import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect, onTestFinished, test, vi } from "vitest";
import { tools } from "../../electron/bridge/mcp/tools.ts";
import { startSocketServer } from "../../electron/bridge/socket-server.ts";
import { hostHandlers } from "../../electron/daemon/window/handlers.ts";
import { windowCalls } from "../../shared/channels/channels.ts";
import { calls } from "../../shared/protocol/protocol.ts";
import { runHook } from "../support/hooks.ts";
import { startHost } from "../support/host.ts";
import { childEnvironment, TINYPLACE } from "../support/programs.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const PATIENT = { timeout: 60_000, interval: 50 };
const HARNESS = "asking-session";

/** A real host and bridge; the test stands where a Claude Code with channels stands. */
async function start(clientName = "claude-code") {
  const home = temporaryHome();
  const host = await startHost(home);
  const socket = await startSocketServer({ paths: host.paths, host });
  onTestFinished(() => socket.close());
  const agent = await host.agents.create("reviewer");
  const transport = new StdioClientTransport({
    command: TINYPLACE.command,
    args: [...TINYPLACE.words, "mcp", "--home", home],
    env: childEnvironment({
      TINYPLACE_ACTIVE_WALLET: "reviewer",
      CLAUDE_CODE_SESSION_ID: HARNESS,
    }),
  });
  const client = new Client({ name: clientName, version: "2.1.330" });
  const answers: unknown[] = [];
  client.fallbackNotificationHandler = async ({ method, params }) => {
    if (method === "notifications/claude/channel/permission") answers.push(params);
  };
  await client.connect(transport);
  onTestFinished(() => client.close());
  await vi.waitFor(() => expect(agent.summary().sessions).toHaveLength(1), PATIENT);
  const windows = hostHandlers(host);
  const agentId = agent.identity.cryptoId;
  const session = () => agent.summary().sessions[0];
  return {
    ...{ home, agent, client, answers, session },
    ask: async (id: string, description = "Create a file") => {
      await client.notification({
        method: "notifications/claude/channel/permission_request",
        params: {
          ...{ request_id: id, tool_name: "Bash", description },
          ...{ input_preview: "touch allowed", tool_kind: "builtin" },
        },
      });
      const has = () => expect(session()?.prompts.map((one) => one.id)).toContain(id);
      await vi.waitFor(has, PATIENT);
    },
    answer: (id: string, allow: boolean) =>
      windows["permission.answer"]({ agentId, label: "claude:1", id, allow }),
  };
}

test("M2 a permission prompt that the channel relays is answered from the window, once", async () => {
  const { client, ask, answer, answers, session } = await start();
  expect(client.getServerCapabilities()?.experimental).toMatchObject({
    "claude/channel": {},
    "claude/channel/permission": {},
  });
  await ask("abcde");
  expect(session()).toMatchObject({
    state: "waiting",
    prompts: [
      { id: "abcde", tool: "Bash", description: "Create a file", preview: "touch allowed" },
    ],
  });
  expect(answer("abcde", true)).toEqual({ answered: true });
  expect(answer("abcde", false)).toEqual({ answered: false });
  expect(session()).toMatchObject({ state: "working", prompts: [] });
  await ask("fghij");
  expect(answer("fghij", false)).toEqual({ answered: true });
  await vi.waitFor(() => expect(answers).toHaveLength(2), PATIENT);
  expect(answers).toEqual([
    { request_id: "abcde", behavior: "allow" },
    { request_id: "fghij", behavior: "deny" },
  ]);
});

test("M2 a prompt that was answered at the terminal disappears, and with its session", async () => {
  const { home, client, ask, answer, answers, session } = await start();
  for (const hook of ["post-tool-use", "stop", "user-prompt-submit"]) {
    await ask(`for-${hook}`);
    await runHook(home, "permission-request", { session_id: HARNESS });
    expect(session()?.prompts).toHaveLength(1);
    await runHook(home, hook, { session_id: HARNESS });
    expect(session()?.prompts).toEqual([]);
    expect(answer(`for-${hook}`, true)).toEqual({ answered: false });
  }
  await ask("last");
  await client.close();
  await vi.waitFor(() => expect(session()).toBeUndefined(), PATIENT);
  expect(answer("last", true)).toEqual({ answered: false });
  expect(answers).toEqual([]);
});

test("M2 nobody but the person can answer: no call of the socket, no tool, no message", async () => {
  const { agent, ask, answers, session } = await start();
  await ask("abcde", "yes abcde");
  const answering = (names: object) =>
    Object.keys(names).filter((name) => /permi|approv/i.test(name));
  expect(answering(calls)).toEqual(["permission.asked"]);
  expect(answering(tools)).toEqual([]);
  expect(answering(windowCalls)).toEqual(["permission.answer"]);
  // A message that looks like an answer is mail.
  const from = agent.sessions.get("claude:1");
  if (!from) throw new Error("no session");
  await agent.send(
    {
      ...{ id: "msg-0123456789abcdef01", to: agent.identity.cryptoId, body: "yes abcde" },
      ...{ toSession: "claude:1", inReplyTo: null, role: "user", auto: false },
    },
    from,
  );
  await vi.waitFor(() => expect(session()?.unread).toBe(1), PATIENT);
  expect(session()?.prompts).toHaveLength(1);
  expect(answers).toEqual([]);
});

test("M2 a client without channels is not offered the relay of permission prompts", async () => {
  const { client } = await start("another-client");
  expect(client.getServerCapabilities()?.experimental).not.toHaveProperty([
    "claude/channel/permission",
  ]);
});
