import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Program } from "../support/programs.ts";
import { Fleet } from "./fleet.ts";
import { Ledger, type LoadCounts } from "./ledger.ts";
import { LoadAgent } from "./load-agent.ts";

export interface LoadOptions {
  readonly relays: number;
  /** Nodes of the cluster; 0 for SQLite, which one relay has to itself. */
  readonly nats: number;
  readonly agents: number;
  /** Messages a second, of all agents. */
  readonly rate: number;
  readonly seconds: number;
  /** Kill a relay and a NATS node in the middle, and start them again. */
  readonly kill: boolean;
  readonly program: Program;
  readonly say: (line: string) => void;
}

export interface LoadReport extends LoadCounts {
  readonly store: "jetstream" | "sqlite";
  readonly kills: number;
  /** From the first message to the last delivery. */
  readonly took_s: number;
  readonly relay_cpu_ms_per_message: number;
  readonly nats_cpu_ms_per_message: number;
  readonly relay_mb: number;
  readonly nats_mb: number;
  readonly disk_bytes_per_message: number;
}

/** After the last message: a look at every mailbox now and then, since a killed relay rings nobody. */
const LOOK_AGAIN_MS = 2_000;
const PATIENCE_MS = 120_000;
const JOINING = 25;

/**
 * Agents in pairs, each of the two at another relay, write to each other at an even rate. A message is
 * delivered when its receiver has listed it, and its time counts from when it was due.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const fleet = await Fleet.start(options);
  const ledger = new Ledger();
  const agents = Array.from({ length: options.agents }, (_, index) => {
    const seed = createHash("sha256").update(`load ${index}`).digest();
    return new LoadAgent(seed, fleet.urls[index % fleet.urls.length] as string, ledger);
  });
  try {
    await joinAll(agents, options.say);
    const before = fleet.cost();
    const started = performance.now();
    const kills = options.kill ? killInTheMiddle(fleet, options) : Promise.resolve(0);
    await sendAll(agents, ledger, options);
    const killed = await kills;
    options.say("sent; waiting for what is on its way");
    await settle(agents, ledger);
    const took = performance.now() - started;
    return report(options, ledger.counts(), { before, after: fleet.cost(), took, killed });
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
    await fleet.close();
  }
}

async function joinAll(agents: readonly LoadAgent[], say: LoadOptions["say"]): Promise<void> {
  const waiting = agents.entries();
  const worker = async () => {
    for (const [index, agent] of waiting) await agent.join(peerOf(agents, index).signer);
  };
  await Promise.all(Array.from({ length: JOINING }, worker));
  say(`${agents.length} agents are there`);
}

async function sendAll(
  agents: readonly LoadAgent[],
  ledger: Ledger,
  { rate, seconds }: LoadOptions,
): Promise<void> {
  const start = performance.now();
  const total = rate * seconds;
  for (let next = 0; next < total; ) {
    const due = Math.min(total, Math.ceil(((performance.now() - start) / 1000) * rate));
    for (; next < due; next++) {
      const index = next % agents.length;
      const id = `load-${next}`;
      ledger.due(id, start + (next / rate) * 1000);
      agents[index]?.send(id, peerOf(agents, index).signer);
    }
    await pause(5);
  }
}

/** A third of the time in, a relay; then, when it is back, a NATS node. */
async function killInTheMiddle(fleet: Fleet, { seconds, say }: LoadOptions): Promise<number> {
  const part = (seconds * 1000) / 6;
  await pause(2 * part);
  say("kill -9 of a relay");
  await fleet.killRelay(0);
  await pause(part / 2);
  await fleet.restartRelay(0);
  const node = fleet.cluster?.nodes[0];
  if (!node) return 1;
  await pause(part / 2);
  say("kill -9 of a NATS node");
  await node.stop("SIGKILL");
  await pause(part);
  node.start();
  return 2;
}

async function settle(agents: readonly LoadAgent[], ledger: Ledger): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!ledger.settled() && performance.now() < deadline) {
    for (const agent of agents) agent.drain();
    const next = performance.now() + LOOK_AGAIN_MS;
    while (!ledger.settled() && performance.now() < next) await pause(20);
  }
  // What was stored twice would be there now.
  for (const agent of agents) agent.drain();
  await pause(LOOK_AGAIN_MS);
}

type Cost = ReturnType<Fleet["cost"]>;

function report(
  { nats }: LoadOptions,
  counts: LoadCounts,
  run: { before: Cost; after: Cost; took: number; killed: number },
): LoadReport {
  const { before, after } = run;
  const each = (name: "relayCpu" | "natsCpu" | "disk") =>
    Math.round(((after[name] - before[name]) / Math.max(1, counts.delivered)) * 100) / 100;
  return {
    store: nats > 0 ? "jetstream" : "sqlite",
    ...counts,
    kills: run.killed,
    took_s: Math.round(run.took / 100) / 10,
    relay_cpu_ms_per_message: each("relayCpu"),
    nats_cpu_ms_per_message: each("natsCpu"),
    relay_mb: after.relayMb,
    nats_mb: after.natsMb,
    disk_bytes_per_message: Math.round(each("disk")),
  };
}

/** Neighbours write to each other. */
function peerOf(agents: readonly LoadAgent[], index: number): LoadAgent {
  return agents[index ^ 1] as LoadAgent;
}
