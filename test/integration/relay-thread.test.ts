import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { HostSettings } from "../../electron/daemon/host-settings.ts";
import { relayThreadAhead } from "../../electron/daemon/relay-ahead.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import type { EmbeddedRelay } from "../../electron/relay/embedded/embedded-relay.ts";
import { RelayThread } from "../../electron/relay/embedded/relay-thread.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { startHost } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const LONGEST_WAIT_MS = 30_000;
/** Asks a URL from a thread of its own, and sets a shared number to the answer's status. */
const ASKING = `
  const { workerData: { url, status } } = require("node:worker_threads");
  fetch(url).then((answer) => {
    Atomics.store(status, 0, answer.status);
    Atomics.notify(status, 0);
  });
`;

async function relayThread(home: string, port = 0): Promise<EmbeddedRelay> {
  const options = { database: join(home, "relay.db"), ownerEpoch: 1, port, tidies: true };
  const relay = await new RelayThread().start(options, () => undefined);
  onTestFinished(() => relay.close());
  return relay;
}

test("the embedded relay answers while the owner's thread is busy", async () => {
  const relay = await relayThread(temporaryHome());
  const status = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { url: `${relay.url}/health`, status };
  const asking = new Worker(ASKING, { eval: true, workerData });
  const ended = new Promise((resolve) => asking.once("exit", resolve));
  // Nothing else runs in this thread until somebody answered.
  Atomics.wait(status, 0, 0, LONGEST_WAIT_MS);
  expect(status[0]).toBe(200);
  await ended;
});

test("the embedded relay takes another port where its own is taken, and frees it at its end", async () => {
  const first = await relayThread(temporaryHome());
  const home = temporaryHome();
  const second = await relayThread(home, first.port);
  expect(second.port).not.toBe(first.port);
  await second.close();
  await first.close();
  const again = await relayThread(home, first.port);
  expect(again.port).toBe(first.port);
});

test("L1 the embedded relay of an owner that was replaced does not start", async () => {
  const home = temporaryHome();
  const later = new SqliteRelayStore(join(home, "relay.db"), { ownerEpoch: 2 });
  onTestFinished(() => later.close());
  await expect(relayThread(home)).rejects.toMatchObject({ code: "host_running" });
});

test("a relay's thread that is not needed ends without having opened anything", async () => {
  await new RelayThread().close();
  const home = temporaryHome();
  const settings = new HostSettings(homePaths(home).settings);
  settings.change({ relay: "http://127.0.0.1:1" });
  expect(relayThreadAhead(homePaths(home))).toBeNull();
  // Guessed wrong: the host has it end.
  const relayThread = new RelayThread();
  const host = await startHost(home, { relayThread });
  expect(host.embeddedRelay).toBe(false);
  await expect(
    relayThread.start(
      { database: join(home, "relay.db"), ownerEpoch: 1, port: 0, tidies: false },
      () => undefined,
    ),
  ).rejects.toThrow("ended");
});
