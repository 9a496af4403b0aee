import { BenchDaemon } from "./daemon.ts";
import { rounded } from "./numbers.ts";

const LOOK_MS = 4_000;
/** Below this share of a core nothing is under way any more. */
const QUIET = 0.08;

/**
 * What a daemon costs that nobody asks anything of, by its number of agents: percent of one core, and
 * memory in MB once its garbage is collected. One after the other, each over `ms`. Null where /proc does
 * not tell.
 */
export async function measureIdle(counts: readonly number[], ms: number) {
  if (process.platform !== "linux") return null;
  const results: Record<string, number> = {};
  for (const agents of counts) {
    const daemon = await BenchDaemon.start();
    try {
      const client = await daemon.connect();
      for (let n = 0; n < agents; n++) await client.call("wallet.create", { name: `idle-${n}` });
      client.close();
      // Keys are made and published for a while.
      while ((await share(daemon, LOOK_MS)) > QUIET);
      results[`idle_${agents}_agents_cpu_percent`] = rounded((await share(daemon, ms)) * 100);
      await daemon.rest();
      results[`idle_${agents}_agents_resident_mb`] = daemon.residentMb() ?? 0;
      results[`idle_${agents}_agents_own_mb`] = daemon.ownMb() ?? 0;
    } finally {
      await daemon.stopAndRemove();
    }
  }
  return results;
}

/** Of one core, over `ms`. */
async function share(daemon: BenchDaemon, ms: number): Promise<number> {
  const [from, before] = [performance.now(), daemon.cpuSeconds() ?? 0];
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (((daemon.cpuSeconds() ?? 0) - before) * 1000) / (performance.now() - from);
}

if (process.argv[1] === import.meta.filename)
  console.table(await measureIdle([0, 1, 10, 102], 60_000));
