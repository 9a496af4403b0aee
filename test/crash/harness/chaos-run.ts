import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "../../support/programs.ts";
import { ChaosProxy } from "./chaos-proxy.ts";
import { freePort } from "./free-port.ts";
import { Random } from "./random.ts";
import type { Counts } from "./tally.ts";
import { Trial, total } from "./trial.ts";

/** Two agents write to each other for the first time after so many ms of trouble. */
const TRIAL_MS = 10_000;
const LONGEST_PAUSE_MS = 200;
/** The relay is away about once in this many waves, for this long at most, in ms. */
const WAVES_BETWEEN_AWAY = 25;
const LONGEST_AWAY_MS = 3_000;

interface ChaosReport extends Counts {
  readonly minutes: number;
  /** How often each trouble happened. */
  readonly troubles: Readonly<Record<string, number>>;
}

interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly program: Program;
  /** Nothing arriving for this long, in ms, is the end of waiting. */
  readonly patience: number;
  /** A line for who watches. */
  readonly say: (line: string) => void;
}

/** Mail between two agents over a bad network, then a drain over a good one; again and again. */
export async function chaosMinutes(
  options: ChaosOptions,
): Promise<{ report: ChaosReport; problems: readonly string[] }> {
  const { minutes, program, patience, say } = options;
  const random = new Random(options.seed);
  const problems: string[] = [];
  const counts: Counts[] = [];
  const troubles = new Map<string, number>();
  for (let left = minutes * 60_000; left > 0; left -= TRIAL_MS) {
    const proxies: ChaosProxy[] = [];
    const note = (problem: string) => problems.push(`trial ${counts.length + 1}: ${problem}`);
    const trial = await Trial.create({
      ...{ program, random, patience, note },
      events: {
        ended: (machine) => note(`${machine.name} ended`),
        failed: (machine, errors) => note(`${machine.name} failed: ${errors}`),
      },
      relayBehind: async (url) => {
        const proxy = await ChaosProxy.start(url, await freePort(random), random);
        proxies.push(proxy);
        return proxy.url;
      },
    });
    const proxy = proxies[0] as ChaosProxy;
    const start = performance.now();
    await trouble(trial, proxy, random, Math.min(left, TRIAL_MS)).catch((error) =>
      trial.fail(error),
    );
    await trial.drain();
    await trial.end();
    await proxy.close();
    counts.push(trial.counts());
    for (const [what, times] of proxy.happened) {
      troubles.set(what, (troubles.get(what) ?? 0) + times);
    }
    const ms = Math.round(performance.now() - start);
    say(`trial ${counts.length}: ${ms} ms, ${JSON.stringify(trial.counts())}`);
  }
  const report = { minutes, ...total(counts), troubles: Object.fromEntries(troubles) };
  return { report, problems };
}

/** Sends for so long over the bad network; afterwards it is good again. */
async function trouble(trial: Trial, proxy: ChaosProxy, random: Random, ms: number): Promise<void> {
  const end = performance.now() + ms;
  proxy.trouble = true;
  while (performance.now() < end) {
    await trial.wave();
    await delay(random.between(0, LONGEST_PAUSE_MS));
    if (random.chance(1 / WAVES_BETWEEN_AWAY)) {
      const away = proxy.away(random.between(100, LONGEST_AWAY_MS));
      // Who writes does not know that the relay is away.
      await trial.wave();
      await away;
    }
  }
  proxy.calm();
}
