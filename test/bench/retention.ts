import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { type Delivery, TOMBSTONE_MS } from "../../electron/relay/store/store.ts";
import { rememberControl } from "../../electron/vault/job-table.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { rounded } from "./numbers.ts";

const BATCH = 100;
const MONTH_MS = 31 * 24 * 3600 * 1000;

/**
 * What is forgotten after its time, when all of it is due at once because nothing was running
 * meanwhile: ids and mail that a relay keeps, and what a vault remembers of control messages. The
 * longest block of the event loop while mail goes on, in ms.
 */
export async function measureRetention(count: number) {
  const folder = mkdtempSync(join(tmpdir(), "tp-bench-"));
  try {
    return {
      retention_n: count,
      retention_relay_ids_longest_block_ms: await relayIds(join(folder, "ids.db"), count),
      retention_relay_mail_longest_block_ms: await relayMail(join(folder, "mail.db"), count),
      retention_vault_longest_block_ms: await vaultRows(folder, count),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Acknowledged mail, whose ids may be forgotten. */
async function relayIds(path: string, count: number): Promise<number> {
  const store = new SqliteRelayStore(path, { mailboxLimit: count, mailboxSize: 2 ** 40 });
  for (let from = 0; from < count; from += BATCH) {
    await store.putEnvelopes(deliveries(from), 0);
    const ids = deliveries(from).map(({ envelope }) => envelope.id);
    await store.removeEnvelopes("box", ids, 0);
  }
  const block = await longestBlock(count, (n) =>
    store.putEnvelopes(deliveries(count + n), TOMBSTONE_MS + 1),
  );
  await store.close();
  return block;
}

/** Mail that nobody fetched. */
async function relayMail(path: string, count: number): Promise<number> {
  const limits = { mailboxLimit: 10 * count, mailboxSize: 2 ** 40, retentionMs: TOMBSTONE_MS };
  const store = new SqliteRelayStore(path, limits);
  for (let from = 0; from < count; from += BATCH) await store.putEnvelopes(deliveries(from), 0);
  const block = await longestBlock(count, (n) =>
    store.putEnvelopes(deliveries(count + n), TOMBSTONE_MS + 1),
  );
  await store.close();
  return block;
}

function deliveries(from: number): Delivery[] {
  return Array.from({ length: BATCH }, (_, n) => {
    const envelope = {
      ...{ id: `env-${from + n}`, from: "sender", to: "box", timestamp: "", deviceId: 1 },
      ...{ type: "CIPHERTEXT" as const, body: "x".repeat(1700) },
    };
    return { mailbox: "box", sender: "sender", envelope };
  });
}

async function vaultRows(folder: string, count: number): Promise<number> {
  const agent = { name: "bench", seed: new Uint8Array(32).fill(3), registrationId: 5 };
  const key = new Uint8Array(32).fill(7);
  const vault = Vault.create(folder, key, { ...agent, createdAt: 0, epoch: 1 });
  await vault.write(() => {
    for (let n = 0; n < count; n++) rememberControl(vault, "peer", `env-${n}`, 0);
  });
  const block = await longestBlock(count, (n) =>
    vault.write(() => rememberControl(vault, "peer", `env-${count + n}`, MONTH_MS)),
  );
  vault.close();
  return block;
}

/** The longest wait of others while `act` is done for each batch of what was to be forgotten. */
async function longestBlock(count: number, act: (n: number) => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let n = 0; n < count; n += BATCH) {
    await act(n);
    // Timers, which the monitor watches, run between two of them.
    await new Promise((resolve) => setTimeout(resolve));
  }
  delay.disable();
  return rounded(delay.max / 1e6);
}

if (process.argv[1] === import.meta.filename) console.table(await measureRetention(50_000));
