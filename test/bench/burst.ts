import { BenchDaemon } from "./daemon.ts";
import { quantile, rounded } from "./numbers.ts";
import { flow, party, type Route } from "./parties.ts";
import { Probe } from "./probe.ts";

/**
 * How long the daemon leaves others waiting while a burst comes in: its longest answers to a ping, and
 * the longest turns of its event loop, of which an answer may wait for two.
 */
export async function probedBurst(daemon: BenchDaemon, route: Route, body: string, count: number) {
  const probe = await Probe.start(daemon.home);
  const told = daemon.watchLoop();
  await flow([route], count, body);
  const loop = await told();
  const answers = await probe.stop();
  return {
    burst_longest_block_ms: quantile(answers, 1),
    burst_p99_block_ms: quantile(answers, 0.99),
    burst_loop_longest_ms: rounded(loop.longest),
    burst_loop_p99_ms: rounded(loop.p99),
  };
}

if (process.argv[1] === import.meta.filename) {
  const daemon = await BenchDaemon.start(undefined, { watched: true });
  try {
    const [a, b] = [await party(daemon, "a"), await party(daemon, "b")];
    const body = "x".repeat(900);
    // An answer first: until then every message carries the handshake.
    await flow([[b, a]], 1, body);
    await flow([[a, b]], 300, body);
    console.table(await probedBurst(daemon, [a, b], body, 10_000));
    for (const one of [a, b]) one.client.close();
  } finally {
    await daemon.stopAndRemove();
  }
}
