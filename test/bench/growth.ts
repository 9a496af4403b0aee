import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Agent } from "../../electron/daemon/agent.ts";
import { Host } from "../../electron/daemon/host.ts";
import { inboxPage } from "../../electron/daemon/window/inbox.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { setContactNote } from "../../electron/vault/contact-table.ts";
import { insertHold } from "../../electron/vault/hold-table.ts";
import { insertDelivery, insertMessage, markRead } from "../../electron/vault/mail-table.ts";
import { acquireOwnerLock } from "../../electron/vault/owner-lock.ts";
import { BenchDaemon } from "./daemon.ts";
import { quantile } from "./numbers.ts";
import { attach, drain, flood, type Party, party, send } from "./parties.ts";

const LABEL = "bench";
const GROWN = "grown";
const CONTACTS = 10_000;
const HOLDS = 1_000;
const AT_ONCE = 2_000;
const TIMES = 200;
const WORDS = ["build", "review", "deploy", "error", "socket", "planner", "branch", "release"];
/** A word that one old message has. */
const RARE = "zebra";
/** What is searched for: each kind costs another way. */
const SEARCHES: Readonly<Record<string, string>> = {
  search: "planner deploy",
  search_common: "deploy",
  search_begun: "d",
  search_rare: RARE,
  search_nothing: "giraffe",
};

/**
 * What a vault's age costs: the same things over 10^3, 10^5 and 10^6 stored messages (10^4 notes about
 * contacts and 10^3 holds in each). Times in ms, medians; memory in MB right after all
 * that, and once its garbage is collected.
 */
export async function measureGrowth(sizes: readonly number[]) {
  const home = mkdtempSync(join(tmpdir(), "tp-bench-"));
  const found: Record<string, number> = {};
  try {
    let stored = 0;
    for (const size of sizes) {
      const page = await grow(home, stored, size);
      stored = size;
      const figures = { ...(await measure(home, stored === sizes[0])), inbox_page_ms: page };
      for (const [name, value] of Object.entries(figures)) found[`grown_${size}_${name}`] = value;
    }
    const [least, most] = [sizes[0], sizes.at(-1)];
    for (const what of ["start", "send", "receive", "inbox_page", ...Object.keys(SEARCHES)]) {
      const ratio =
        (found[`grown_${most}_${what}_ms`] ?? 0) / (found[`grown_${least}_${what}_ms`] || 1);
      found[`grown_${what}_ratio`] = Math.round(ratio * 100) / 100;
    }
    return found;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Adds messages to the vault up to `to`; the median time of a window's page of it. */
async function grow(home: string, from: number, to: number): Promise<number> {
  const paths = homePaths(home);
  const lock = acquireOwnerLock(paths.lock);
  if (!lock) throw new Error("somebody owns the data folder of the benchmark");
  const host = await Host.start({ paths, lock, kind: "headless", keychain: null });
  try {
    const agent =
      host.agents.list().find((one) => one.identity.name === GROWN) ??
      (await host.agents.create(GROWN));
    if (from === 0) await once(agent);
    for (let first = from; first < to; first += AT_ONCE) {
      const last = Math.min(to, first + AT_ONCE);
      await agent.vault.write(() => {
        for (let number = first; number < last; number++) fill(agent, number);
      });
    }
    const times: number[] = [];
    for (let i = 0; i < TIMES; i++) {
      const start = performance.now();
      inboxPage(host, { agentId: agent.identity.cryptoId, label: LABEL, limit: 50 });
      times.push(performance.now() - start);
    }
    return quantile(times, 0.5);
  } finally {
    await host.close();
  }
}

async function once(agent: Agent): Promise<void> {
  await agent.vault.write(() => {
    for (let i = 0; i < CONTACTS; i++) setContactNote(agent.vault, `peer-${i}`, "removed", i);
    for (let i = 0; i < HOLDS; i++) {
      const seq = insert(agent, `held-${i}`, i);
      const reason = "session_not_live";
      insertHold(agent.vault, { message: seq, toSession: "claude:99", reason, at: i });
    }
  });
}

function fill(agent: Agent, number: number): void {
  const message = insert(agent, `msg-${number}`, number);
  insertDelivery(agent.vault, { message, label: LABEL, at: number });
  const delivery = agent.vault
    .sql("SELECT id FROM delivery WHERE message = ?")
    .get<{ id: number }>([message]);
  if (delivery) markRead(agent.vault, delivery.id, LABEL, number);
}

function insert(agent: Agent, id: string, number: number): number {
  const word = number === 100 ? RARE : WORDS[number % WORDS.length];
  const seq = insertMessage(agent.vault, {
    ...{ id, direction: "in", peer: `peer-${number % CONTACTS}`, fromSession: "claude:1" },
    ...{ toSession: LABEL, inReplyTo: null, role: "agent", auto: false, sentAt: null },
    text: `${word} number ${number} of many, about ${WORDS[(number >> 3) % WORDS.length]}`.repeat(
      3,
    ),
    ...{ at: number, asker: null, late: false, suite: "libsignal" },
  });
  if (seq === null) throw new Error(`${id} was there already`);
  return seq;
}

async function measure(home: string, isFirst: boolean) {
  const daemon = await BenchDaemon.start(home);
  try {
    const client = await daemon.connect();
    await attach(client, GROWN);
    const { agent } = await client.call("sessions", {});
    const grown: Party = { client, address: agent.address };
    const other = isFirst ? await party(daemon, "other") : await again(daemon, "other");
    await exchange(other, grown);
    await exchange(grown, other);
    const sends = await timed(TIMES, () => send(grown, other, "x".repeat(900)));
    await drain(other, grown, TIMES);
    const receives = await timed(TIMES, () => exchange(other, grown));
    const find = (query: string) => client.call("mail.search", { query, limit: 20 });
    // The first search for what is rare indexes what came since the last one.
    await find(RARE);
    const searches = await searchTimes(find);
    for (const one of [grown, other]) one.client.close();
    const busyMb = daemon.residentMb() ?? 0;
    await daemon.rest();
    return {
      start_ms: Math.round(daemon.startedInMs),
      send_ms: quantile(sends, 0.5),
      receive_ms: quantile(receives, 0.5),
      ...searches,
      resident_mb: busyMb,
      rested_mb: daemon.residentMb() ?? 0,
      vault_mb: vaultMb(home, grown.address),
    };
  } finally {
    await daemon.stop();
  }
}

/** All kinds in turn, so that what disturbs one disturbs the others. */
async function searchTimes(find: (query: string) => Promise<unknown>) {
  const times = new Map(Object.keys(SEARCHES).map((name) => [name, [] as number[]]));
  for (let round = 0; round < 50; round++) {
    for (const [name, query] of Object.entries(SEARCHES)) {
      times.get(name)?.push(...(await timed(1, () => find(query))));
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [`${name}_ms`, quantile(all, 0.5)]));
}

async function again(daemon: BenchDaemon, wallet: string): Promise<Party> {
  const client = await daemon.connect();
  await attach(client, wallet);
  const { agent } = await client.call("sessions", {});
  return { client, address: agent.address };
}

async function exchange(from: Party, to: Party): Promise<void> {
  const body = "x".repeat(900);
  await Promise.all([flood(from, to, { count: 1, body, inFlight: 1 }), drain(to, from, 1)]);
}

async function timed(times: number, act: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await act();
    all.push(performance.now() - start);
  }
  return all;
}

function vaultMb(home: string, address: string): number {
  const { size } = statSync(join(home, "agents", address, "vault.db"));
  return Math.round(size / 1024 / 1024);
}
