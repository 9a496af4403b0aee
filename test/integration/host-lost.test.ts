import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { loadOrCreateSecret } from "../../electron/bridge/secret.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
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
