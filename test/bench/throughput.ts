import { probedBurst } from "./burst.ts";
import { BenchDaemon } from "./daemon.ts";
import { quantile, rounded } from "./numbers.ts";
import { drain, flow, IN_FLIGHT, type Party, party, type Route, send } from "./parties.ts";

/**
 * What one daemon carries with its relay inside, receipts on, over its own socket: every message is
 * encrypted, relayed, decrypted, read and confirmed. Rates in messages a second, times in ms.
 */
export async function measureThroughput(options: {
  count: number;
  textBytes: number;
  latencies: number;
  idleMs: number;
  burst: number;
  /** 0: without them. */
  pairs: number;
}) {
  const { count } = options;
  const body = "x".repeat(options.textBytes);
  const daemon = await BenchDaemon.start(undefined, { watched: true });
  try {
    const [a, b] = [await party(daemon, "a"), await party(daemon, "b")];
    await flow([[b, a]], 1, body);
    // The first ones make the session and warm the code up.
    await flow([[a, b]], 300, body);
    const idle = await latencies(a, b, body, options.latencies);
    const oneWay = await flow([[a, b]], count, body);
    const before = costsOf(daemon);
    const both: Route[] = [
      [a, b],
      [b, a],
    ];
    const twoWay = await flow(both, count, body);
    const after = costsOf(daemon);
    const halfLoad = await underLoad(a, b, {
      ...{ body, perSecond: oneWay / 2 },
      latencies: options.latencies,
    });
    const burst = await probedBurst(daemon, [a, b], body, options.burst);
    const resident = daemon.residentMb();
    const own = daemon.ownMb();
    const { pairs } = options;
    const many = pairs === 0 ? null : await manyPairs(daemon, { pairs, count }, body);
    for (const one of [a, b]) one.client.close();
    const idleCpu = await idleShare(daemon, options.idleMs);
    return {
      socket_latency_p50_ms: quantile(idle, 0.5),
      socket_latency_p99_ms: quantile(idle, 0.99),
      half_load_latency_p50_ms: quantile(halfLoad, 0.5),
      half_load_latency_p99_ms: quantile(halfLoad, 0.99),
      one_way_per_s: Math.round(oneWay),
      two_way_per_s: Math.round(twoWay),
      two_way_cpu_us: Math.round(((after.cpu - before.cpu) / count) * 1e6),
      two_way_main_thread_us: Math.round(((after.mainThread - before.mainThread) / count) * 1e6),
      two_way_written_kb: rounded((after.written - before.written) / count / 1024),
      ...(many === null ? {} : { fifty_pairs_per_s: Math.round(many) }),
      burst_n: options.burst,
      ...burst,
      after_burst_resident_mb: resident,
      after_burst_own_mb: own,
      idle_cpu_percent: idleCpu,
    };
  } finally {
    await daemon.stopAndRemove();
  }
}

/** What it has used so far: seconds of a core, of its main thread, bytes written; 0 where nobody tells. */
function costsOf(daemon: BenchDaemon) {
  return {
    cpu: daemon.cpuSeconds() ?? 0,
    mainThread: daemon.mainThreadSeconds() ?? 0,
    written: daemon.writtenBytes() ?? 0,
  };
}

async function latencies(a: Party, b: Party, body: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await latency(a, b, body));
  return times;
}

/** From the call of `send` until the waiting call of the other agent's session was answered. */
async function latency(a: Party, b: Party, body: string): Promise<number> {
  const waiting = b.client.call("reply.await", { from: a.address, timeoutMs: 60_000 });
  const start = performance.now();
  await send(a, b, body);
  const { handed } = await waiting;
  const time = performance.now() - start;
  await b.client.call("confirm", handed);
  return time;
}

/** Latencies of a to b while b writes to a at this rate. */
async function underLoad(
  a: Party,
  b: Party,
  load: { body: string; perSecond: number; latencies: number },
) {
  let stopped = false;
  let sent = 0;
  const start = performance.now();
  const work = async () => {
    while (!stopped) {
      const due = ((performance.now() - start) / 1000) * load.perSecond;
      if (sent < due) {
        sent++;
        await send(b, a, load.body);
      } else await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const writing = Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const times = await latencies(a, b, load.body, load.latencies);
  stopped = true;
  await writing;
  await drain(a, b, sent);
  return times;
}

async function manyPairs(
  daemon: BenchDaemon,
  { pairs, count }: { pairs: number; count: number },
  body: string,
): Promise<number> {
  const routes: Route[] = [];
  for (let i = 0; i < pairs; i++) {
    routes.push([await party(daemon, `left-${i}`), await party(daemon, `right-${i}`)]);
  }
  for (const route of routes) await flow([route], 1, body);
  const rate = await flow(routes, count, body);
  for (const one of routes.flat()) one.client.close();
  return rate;
}

/** Percent of one core while nothing is asked of it. */
async function idleShare(daemon: BenchDaemon, ms: number): Promise<number | null> {
  // Receipts and clean-up of what was just done are not idling.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const before = daemon.cpuSeconds();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const after = daemon.cpuSeconds();
  return before === null || after === null ? null : rounded(((after - before) / (ms / 1000)) * 100);
}
