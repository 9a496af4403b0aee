import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "../../support/programs.ts";
import type { Machine } from "./machine.ts";
import { Random } from "./random.ts";
import { type Sample, slopePerHour } from "./slope.ts";
import type { Counts } from "./tally.ts";
import { Trial } from "./trial.ts";

/** Between two waves of mail, in ms. */
const LONGEST_PAUSE_MS = 400;
const SAMPLE_EVERY_MS = 5_000;
const LONGEST_SLEEP_MS = 8_000;
/** What a process takes while it warms up is no slope: this part of the run is left out. */
const WARM_UP = 0.2;
/** Below this a slope says nothing, in ms. */
const SHORTEST_SLOPE_MS = 60_000;

interface SoakReport extends Counts {
  readonly minutes: number;
  readonly restarts: number;
  readonly kills: number;
  readonly sleeps: number;
  /** Of the daemon that is never disturbed; null where /proc does not tell, or the run was short. */
  readonly resident_mb_first: number | null;
  readonly resident_mb_last: number | null;
  readonly resident_mb_per_hour: number | null;
  /** After the last message, when it had a while to give back what the traffic took. */
  readonly resident_mb_at_rest: number | null;
  readonly handles_first: number | null;
  readonly handles_last: number | null;
  /** Of the steady agent, with the database's log. */
  readonly vault_bytes: number;
  readonly vault_bytes_per_message: number;
}

interface SoakOptions {
  readonly minutes: number;
  /** A machine is disturbed about this often. */
  readonly disturbEveryMs: number;
  readonly seed: number;
  readonly program: Program;
  /** Nothing arriving for this long, in ms, is the end of waiting. */
  readonly patience: number;
  /** How long the steady daemon is left alone at the end, in ms. */
  readonly restMs: number;
  /** A line for who watches. */
  readonly say: (line: string) => void;
}

/**
 * Mixed traffic between two agents for a long time, while the relay, one daemon and the bridges are
 * restarted in order, killed, and put to sleep as a machine is. The other daemon runs through: what
 * grows in it grows with time or with mail.
 */
export async function soakMinutes(
  options: SoakOptions,
): Promise<{ report: SoakReport; problems: readonly string[] }> {
  const random = new Random(options.seed);
  const problems: string[] = [];
  const happened = { restarts: 0, kills: 0, sleeps: 0 };
  const trial = await Trial.create({
    ...{ program: options.program, random, patience: options.patience },
    note: (problem) => problems.push(problem),
    events: {
      ended: () => undefined,
      failed: (machine, errors) => problems.push(`${machine.name} failed: ${errors}`),
    },
  });
  const steady = trial.world.daemons.a;
  const vault = join(trial.world.folder, "a", "agents");
  const others = trial.world.machines().filter((machine) => machine !== steady);
  const [memory, handles]: [Sample[], Sample[]] = [[], []];
  const start = performance.now();
  const end = start + options.minutes * 60_000;
  let sampleAt = start;
  let disturbAt = start + random.between(1, options.disturbEveryMs);
  try {
    while (performance.now() < end) {
      await trial.wave();
      await delay(random.between(0, LONGEST_PAUSE_MS));
      const now = performance.now();
      if (now >= sampleAt) {
        sampleAt = now + SAMPLE_EVERY_MS;
        note(memory, now - start, residentMb(steady));
        note(handles, now - start, handlesOf(steady));
        options.say(`${Math.round((now - start) / 1000)} s: ${JSON.stringify(trial.counts())}`);
      }
      if (now >= disturbAt) {
        disturbAt = now + random.between(1, 2 * options.disturbEveryMs);
        happened[await disturb(random.pick(others), random)]++;
      }
    }
  } catch (error) {
    await trial.fail(error);
  }
  // One may still be asleep: who asks it how it is would take it for hung.
  await Promise.all(others.map((machine) => machine.settled()));
  await trial.drain();
  await trial.settle();
  await delay(options.restMs);
  const residentAtRest = residentMb(steady);
  const vaultBytes = sizeOf(vault);
  await trial.end();
  const counts = trial.counts();
  const warm = (samples: readonly Sample[]) =>
    samples.filter(({ atMs }) => atMs > (end - start) * WARM_UP);
  const isLong = end - start >= SHORTEST_SLOPE_MS;
  const report = {
    minutes: options.minutes,
    ...counts,
    ...happened,
    resident_mb_first: warm(memory)[0]?.value ?? null,
    resident_mb_last: memory.at(-1)?.value ?? null,
    resident_mb_per_hour: isLong ? slopePerHour(warm(memory)) : null,
    resident_mb_at_rest: residentAtRest,
    handles_first: warm(handles)[0]?.value ?? null,
    handles_last: handles.at(-1)?.value ?? null,
    vault_bytes: vaultBytes,
    vault_bytes_per_message: Math.round(vaultBytes / Math.max(1, counts.sent)),
  };
  return { report, problems };
}

type Disturbance = "restarts" | "kills" | "sleeps";

async function disturb(machine: Machine, random: Random): Promise<Disturbance> {
  const what = random.pick(["restarts", "kills", "sleeps"] as const);
  if (what === "restarts") await machine.restartInOrder();
  else if (what === "kills") await machine.restart(null, random.between(0, 500));
  // Mail goes on meanwhile, as it does while somebody's notebook is shut.
  else void machine.sleep(random.between(500, LONGEST_SLEEP_MS));
  return what;
}

function note(samples: Sample[], atMs: number, value: number | null): void {
  if (value !== null) samples.push({ atMs, value });
}

function residentMb(machine: Machine): number | null {
  const kb = Number(/VmRSS:\s+(\d+)/.exec(procFile(machine, "status") ?? "")?.[1]);
  return Number.isNaN(kb) ? null : Math.round(kb / 102.4) / 10;
}

function handlesOf(machine: Machine): number | null {
  if (process.platform !== "linux" || machine.pid === null) return null;
  return readdirSync(`/proc/${machine.pid}/fd`).length;
}

function procFile(machine: Machine, name: string): string | null {
  if (process.platform !== "linux" || machine.pid === null) return null;
  return readFileSync(`/proc/${machine.pid}/${name}`, "utf8");
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
