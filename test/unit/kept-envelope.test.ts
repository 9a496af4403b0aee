import { expect, test } from "vitest";
import { keepEnvelope, keptEnvelope } from "../../electron/daemon/kept-envelope.ts";
import type { RelayEnvelope } from "../../electron/relay/transport.ts";

const envelope: RelayEnvelope = {
  id: "env-1",
  from: `${"A".repeat(43)}=`,
  to: `${"B".repeat(43)}=`,
  timestamp: "2026-01-01T00:00:00.000Z",
  deviceId: 1,
  type: "CIPHERTEXT",
  body: Buffer.from("ciphertext".repeat(120)).toString("base64"),
  suite: "libsignal",
};

test("a sealed envelope is kept as bytes and comes back as it was", () => {
  const kept = keepEnvelope(envelope);
  expect(kept).toBeInstanceOf(Uint8Array);
  expect(kept.length).toBeLessThan(JSON.stringify(envelope).length * 0.85);
  expect(keptEnvelope(kept)).toEqual(envelope);
});

test("a body that is not base64 as we write it is kept to the letter", () => {
  for (const body of ["{}", "QQ", "QR==", "é", "a b"]) {
    const other = { ...envelope, body };
    expect(keptEnvelope(keepEnvelope(other))).toEqual(other);
  }
});

test("what an earlier version kept is read", () => {
  expect(keptEnvelope(JSON.stringify(envelope))).toEqual(envelope);
});
