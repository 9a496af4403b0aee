import fc from "fast-check";
import { expect, test } from "vitest";
import type { RelayEnvelope } from "../../electron/relay/transport.ts";
import { pairWith } from "../support/sdk-pair.ts";

/** What a hostile contact may put into our mailbox: it passes the relay, and is not what it seems. */
const text = fc.oneof(fc.string({ maxLength: 64 }), fc.base64String({ maxLength: 64 }));
const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("base64"));
const hostile = fc.record({
  type: fc.constantFrom("PREKEY_BUNDLE", "CIPHERTEXT"),
  body: fc
    .uint8Array({ minLength: 1, maxLength: 200 })
    .map((bytes) => Buffer.from(bytes).toString("base64")),
  signal: fc.option(
    fc.record({
      ratchetKey: fc.oneof(key, text, fc.constant("A".repeat(43).concat("="))),
      messageNumber: fc.oneof(fc.nat({ max: 1200 }), fc.nat({ max: 2 ** 40 })),
      previousChainLength: fc.oneof(fc.nat({ max: 1200 }), fc.nat({ max: 2 ** 40 })),
      ephemeralKey: fc.option(fc.oneof(key, text), { nil: undefined }),
      signedPreKeyId: fc.option(text, { nil: undefined }),
      oneTimePreKeyId: fc.option(text, { nil: undefined }),
    }),
    { nil: undefined },
  ),
});

test("E3 a fuzzed wire: every forgery is kept and counted, and the session goes on", async () => {
  const { bench, ours, peer, say } = await pairWith();
  await say("hello");
  await ours.until((agent) => agent.summary().queued === 0);
  await peer.poll();
  await peer.write(ours.identity.address, "genuine 0");
  await ours.until(() => ours.unread("claude:1").length === 1);
  const signedId = (await ours.agent.relay.keyHealth()).sdk.signedPreKeyId as string;
  const states = () =>
    ours.vault
      .sql("SELECT state FROM sdk_session")
      .all<{ state: string }>()
      .map((row) => row.state);
  const keys = () => ours.vault.sql("SELECT count(*) AS n FROM sdk_prekey").get();
  const before = [states(), keys()];
  const forged = fc.sample(hostile, 120).map((one, i) => ({
    ...one,
    // Some name a key that there is, so that they come as far as the MAC.
    ...(one.signal && i % 3 === 0 && { signal: { ...one.signal, signedPreKeyId: signedId } }),
    id: `forged-${i}`,
    from: peer.address,
    to: ours.identity.address,
    timestamp: "not a date",
    deviceId: 1,
  })) as RelayEnvelope[];
  let accepted = 0;
  for (const envelope of forged) if (await peer.putRaw(envelope)) accepted++;
  expect(accepted).toBeGreaterThan(60);
  // Time passes meanwhile: the relay's limits count by it, and a refused look waits for its back-off.
  while (ours.agent.summary().undecryptable < accepted) {
    bench.time.advance(1_000);
    await ours.agent.drain();
  }
  expect(ours.agent.summary().undecryptable).toBe(accepted);
  // Our own repair began a session of its own beside; nothing else changed.
  await ours.agent.drain();
  expect(keys()).toEqual(before[1]);
  expect(states()).toEqual(expect.arrayContaining(before[0] as string[]));
  expect(ours.unread("claude:1")).toEqual(["genuine 0"]);
  await peer.poll();
  await peer.write(ours.identity.address, "genuine 1");
  await ours.until(() => ours.unread("claude:1").length === 2);
  expect(ours.unread("claude:1")).toEqual(["genuine 0", "genuine 1"]);
});
