import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type BridgeClient,
  runProgram,
  startBridge,
  startDaemon,
  startRelay,
} from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** An agent in a data folder of its own, on a relay that is another process. */
async function agentOn(relay: string, name: string) {
  const home = temporaryHome();
  await startDaemon(home, { TINYPLACE_API_URL: relay });
  const bridge = await startBridge(home, { CLAUDE_CODE_SESSION_ID: `${name}-1` });
  const { created } = (await bridge.call("wallet_create", { name })) as {
    created: { address: string };
  };
  await bridge.call("use", { name });
  return { bridge, address: created.address };
}

const nextFrom = async (bridge: BridgeClient, from: string) =>
  (await bridge.call("await_reply", { from, timeout_seconds: 30 })).reply;

test("N2 a relay alone carries mail between data folders, and keeps it over a restart", async () => {
  const database = join(temporaryHome(), "relay.db");
  const relay = await startRelay(database);
  const alice = await agentOn(relay.ready.url, "alice");
  const bob = await agentOn(relay.ready.url, "bob");
  expect(await alice.bridge.call("contact_add", { to: bob.address })).toMatchObject({
    requested: { addressee: bob.address, status: "pending" },
  });
  expect(await bob.bridge.call("contact_requests")).toMatchObject({
    incoming: [{ agentId: alice.address }],
  });
  expect(await bob.bridge.call("contact_accept", { from: alice.address })).toMatchObject({
    accepted: { requester: alice.address, status: "accepted" },
  });
  await alice.bridge.call("send", { to: bob.address, body: "over the relay" });
  expect(await nextFrom(bob.bridge, alice.address)).toMatchObject({ text: "over the relay" });

  expect(await relay.stop()).toBe(0);
  await alice.bridge.call("send", { to: bob.address, body: "while it was away" });
  await startRelay(database, {}, { port: Number(new URL(relay.ready.url).port) });
  expect(await nextFrom(bob.bridge, alice.address)).toMatchObject({ text: "while it was away" });
});

test("the relay says what is wrong with its options", async () => {
  const listen = ["relay", "--listen"];
  const database = `sqlite:${join(temporaryHome(), "relay.db")}`;
  const cases = [
    [[...listen, "nowhere", "--store", database], /no address to listen on.*HOST:PORT/s],
    [[...listen, "127.0.0.1:70000", "--store", database], /no address to listen on/],
    [[...listen, "127.0.0.1:0", "--store", "files:x"], /no store of a relay.*sqlite:PATH/s],
    [[...listen, "127.0.0.1:0", "--store", "sqlite:/no/such/x.db"], /cannot be opened/],
  ] as const;
  for (const [words, problem] of cases) {
    const ended = await runProgram(words);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(problem);
  }
});

test("a relay whose port is taken ends with what to do", async () => {
  const relay = await startRelay(join(temporaryHome(), "relay.db"));
  const store = `sqlite:${join(temporaryHome(), "relay.db")}`;
  const listen = new URL(relay.ready.url).host;
  const second = await runProgram(["relay", "--listen", listen, "--store", store]);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/cannot listen on .*EADDRINUSE.*Choose another port/s);
});
