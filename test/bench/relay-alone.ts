import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../electron/platform/clock.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { startRelay } from "../../electron/relay/server/server.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import type { RelayEnvelope } from "../../electron/relay/transport.ts";

const BATCH = 64;

/** The relay and its client in one process, without agents: envelopes put, listed and acknowledged. */
export async function relayAlone(count: number, textBytes: number) {
  const folder = mkdtempSync(join(tmpdir(), "tp-bench-"));
  const store = new SqliteRelayStore(join(folder, "relay.db"));
  const server = await startRelay({ store, port: 0 });
  const [alice, bob] = [1, 2].map((n) => createSigner(new Uint8Array(32).fill(n)));
  if (!alice || !bob) throw new Error("two agents");
  const from = new HttpRelayTransport(server.url, alice, systemClock);
  const to = new HttpRelayTransport(server.url, bob, systemClock);
  try {
    await from.requestContact(bob.cryptoId);
    await to.acceptContact(alice.cryptoId);
    const body = randomBytes(textBytes).toString("base64");
    const envelope = (): RelayEnvelope => ({
      id: `env-${randomBytes(8).toString("hex")}`,
      from: alice.address,
      to: bob.address,
      timestamp: new Date().toISOString(),
      deviceId: 1,
      type: "CIPHERTEXT",
      body,
    });
    const start = performance.now();
    for (let done = 0; done < count; done += BATCH) {
      await from.put(Array.from({ length: BATCH }, envelope));
      const { envelopes } = await to.list(BATCH);
      await to.acknowledge(envelopes.map((one) => one.id));
    }
    return { relay_alone_per_s: Math.round(count / ((performance.now() - start) / 1000)) };
  } finally {
    await Promise.all([from.close(), to.close()]);
    await server.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
