import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../build/bundle.ts";
import { FAILPOINTS } from "../../electron/platform/failpoints.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { createSigner, type Signer } from "../../electron/relay/signing.ts";
import { runProgram, startRelay } from "../support/processes.ts";
import { programAt } from "../support/programs.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const alice = createSigner(new Uint8Array(32).fill(1));
const bob = createSigner(new Uint8Array(32).fill(2));

/** What each of the two may ask of the relay, one call each. */
async function asking<T>(
  url: string,
  signer: Signer,
  ask: (relay: HttpRelayTransport) => Promise<T>,
) {
  const transport = new HttpRelayTransport(url, signer, { now: () => Date.now() });
  try {
    return await ask(transport);
  } finally {
    await transport.close();
  }
}

async function befriend(url: string): Promise<void> {
  await asking(url, alice, (relay) => relay.requestContact(bob.cryptoId));
  await asking(url, bob, (relay) => relay.acceptContact(alice.cryptoId));
}

const put = (url: string, id: string) =>
  asking(url, alice, (relay) =>
    relay.put([
      {
        id,
        from: alice.address,
        to: bob.address,
        timestamp: new Date().toISOString(),
        deviceId: 1,
        type: "CIPHERTEXT",
        body: "AAAA",
        suite: "libsignal",
      },
    ]),
  );

const mailbox = (url: string) =>
  asking(url, bob, async (relay) => (await relay.list(10)).envelopes.map((one) => one.id));

test.each([
  ["relay-store.before-commit", ["m1"]],
  ["relay-store.after-commit", ["m1", "m2"]],
])("D5 %s ends the process by kill -9 when it is met for the second time", async (name, kept) => {
  const database = join(temporaryHome(), "relay.db");
  const relay = await startRelay(database, { TINYPLACE_FAILPOINT: `${name}:2` });
  await befriend(relay.ready.url);
  expect(await put(relay.ready.url, "m1")).toMatchObject([{ accepted: true }]);
  await expect(put(relay.ready.url, "m2")).rejects.toMatchObject({ code: "relay_unreachable" });
  expect(await relay.closed).toBe(null);
  expect(relay.child.signalCode).toBe("SIGKILL");
  // Its last word, after the log.
  expect(relay.errors().trimEnd().split("\n").at(-1)).toBe(`failpoint ${name}`);
  const again = await startRelay(database);
  expect(await mailbox(again.ready.url)).toEqual(kept);
});

test("a failpoint that does not exist is refused with the list of those that do", async () => {
  const store = `sqlite:${join(temporaryHome(), "relay.db")}`;
  const words = ["relay", "--listen", "127.0.0.1:0", "--store", store];
  for (const text of ["nowhere", "relay-store.before-commit:0", "relay-store.before-commit:x"]) {
    const ended = await runProgram(words, { TINYPLACE_FAILPOINT: text });
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain(`TINYPLACE_FAILPOINT=${text} names no failpoint`);
    expect(ended.stderr).toContain("relay-delete.after-commit");
  }
});

test("a released bundle has no failpoints", async () => {
  const entry = process.env.TINYPLACE_TEST_CLI ?? join(await bundle("official"), "main", "cli.js");
  const folder = dirname(entry);
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
  expect(text).toContain("TINYPLACE_API_URL");
  for (const trace of ["TINYPLACE_FAILPOINT", ...FAILPOINTS]) {
    expect(text).not.toContain(trace);
  }
  const armed = { TINYPLACE_FAILPOINT: "relay-store.before-commit" };
  const relay = await startRelay(join(temporaryHome(), "relay.db"), armed, {
    program: programAt(entry),
  });
  await befriend(relay.ready.url);
  expect(await put(relay.ready.url, "m1")).toMatchObject([{ accepted: true }]);
  expect(await relay.stop()).toBe(0);
});
