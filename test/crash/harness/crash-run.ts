import { setTimeout as delay } from "node:timers/promises";
import { FAILPOINTS, type Failpoint } from "../../../electron/platform/failpoints.ts";
import type { Program } from "../../support/programs.ts";
import type { Machine, MachineEvents } from "./machine.ts";
import { Random } from "./random.ts";
import type { Counts } from "./tally.ts";
import { Trial, total } from "./trial.ts";
import type { World } from "./world.ts";

/** Messages of one round at least. */
const MESSAGES = 56;
/** A failpoint is met within this many waves of messages, or the round says so. */
const MAX_WAVES = 30;
/** Rounds after which each failpoint had its turn: there are two a round. */
export const ROUNDS_A_CYCLE = Math.ceil(FAILPOINTS.length / 2);
/** Two agents write to each other for the first time every so many rounds. */
const ROUNDS_A_TRIAL = 15;
/** A session that mail is held for is gone so long, in ms. */
const AWAY_MS = 200;
/** How long after the start of a round something else is killed, in ms. */
const KILL_WITHIN_MS = 500;

interface CrashReport extends Counts {
  readonly rounds: number;
  readonly kills: number;
  /** How often each was met. */
  readonly failpoints: Readonly<Record<string, number>>;
}

interface CrashOptions {
  readonly rounds: number;
  readonly seed: number;
  /** With failpoints. */
  readonly program: Program;
  /** Nothing arriving for this long, in ms, is the end of waiting. */
  readonly patience: number;
  /** A line for who watches. */
  readonly say: (line: string) => void;
}

/** Rounds of traffic in which processes die, each followed by a drain. */
export async function crashRounds(
  options: CrashOptions,
): Promise<{ report: CrashReport; problems: readonly string[] }> {
  const run = new CrashRun(options);
  await run.play();
  return { report: run.report(), problems: run.problems };
}

class CrashRun {
  readonly problems: string[] = [];
  private readonly options: CrashOptions;
  private readonly random: Random;
  private readonly met = new Map<string, number>(FAILPOINTS.map((name) => [name, 0]));
  private readonly counts: Counts[] = [];
  private kills = 0;
  private rounds = 0;

  constructor(options: CrashOptions) {
    this.options = options;
    this.random = new Random(options.seed);
  }

  async play(): Promise<void> {
    while (this.rounds < this.options.rounds) {
      const trial = await Trial.create(this.trialOptions());
      try {
        await this.playTrial(trial);
      } catch (error) {
        await trial.fail(error);
      }
      await trial.end();
      this.counts.push(trial.counts());
    }
    this.checkCoverage();
  }

  report(): CrashReport {
    return {
      rounds: this.rounds,
      kills: this.kills,
      failpoints: Object.fromEntries(this.met),
      ...total(this.counts),
    };
  }

  private trialOptions() {
    const { program, patience } = this.options;
    const note = (problem: string) => {
      this.problems.push(`round ${this.rounds}: ${problem}`);
    };
    const events: MachineEvents = {
      ended: (_machine, failpoint) => {
        this.kills++;
        if (failpoint) this.met.set(failpoint, (this.met.get(failpoint) ?? 0) + 1);
      },
      failed: (machine, errors) => note(`${machine.name} ended by itself: ${errors}`),
    };
    return { program, random: this.random, events, patience, note };
  }

  /** Rounds with one pair of agents, until something goes wrong with them. */
  private async playTrial(trial: Trial): Promise<void> {
    for (let left = ROUNDS_A_TRIAL; left > 0 && this.rounds < this.options.rounds; left--) {
      this.rounds++;
      const start = performance.now();
      await this.playRound(trial);
      const right = await trial.drain();
      const ms = Math.round(performance.now() - start);
      this.options.say(`round ${this.rounds}: ${ms} ms, ${this.kills} kills so far`);
      if (!right) return;
    }
  }

  private async playRound(trial: Trial): Promise<void> {
    const { world } = trial;
    const armed = pointsOf(this.rounds).map((name) => ({ name, before: this.timesMet(name) }));
    const unmet = () => armed.filter(({ name, before }) => this.timesMet(name) === before);
    const targets = await this.arm(world, armed);
    const others = this.killOthers(world, targets);
    // Awaited below; until then a failure must not end the harness.
    others.catch(() => undefined);
    let sent = 0;
    for (let wave = 0; wave < MAX_WAVES; wave++) {
      if (sent >= MESSAGES && unmet().length === 0) break;
      const absent = this.leaveForHolds(world, targets, unmet());
      const [count] = await Promise.all([trial.wave(), absent]);
      sent += count;
    }
    await others;
    await Promise.all(world.machines().map((machine) => machine.settled()));
    await Promise.all(world.members.map(({ session }) => session.attached()));
    for (const { name } of unmet()) this.problems.push(`round ${this.rounds}: ${name} was not met`);
  }

  /** Starts each point's process anew, with the point armed; never two in one process. */
  private async arm(world: World, points: readonly { name: Failpoint }[]): Promise<Machine[]> {
    const targets: Machine[] = [];
    for (const { name } of points) {
      const free = machinesOf(world, name).filter((machine) => !targets.includes(machine));
      targets.push(this.random.pick(free));
    }
    await Promise.all(
      targets.map((target, index) => {
        const name = points[index]?.name;
        return target.restart(`${name}:${isOfHolds(name) ? 1 : this.random.between(1, 3)}`);
      }),
    );
    return targets;
  }

  /** Mail is held while its session is gone, and placed when it comes back: so one has to go. */
  private async leaveForHolds(
    world: World,
    targets: readonly Machine[],
    unmet: readonly { name: Failpoint }[],
  ): Promise<void> {
    if (!unmet.some(({ name }) => isOfHolds(name))) return;
    const { machine } = this.random.pick(
      world.members.filter(
        (member) =>
          targets.includes(world.daemons[member.agent]) && !targets.includes(member.machine),
      ),
    );
    await machine.restart(null, AWAY_MS);
  }

  private timesMet(name: Failpoint): number {
    return this.met.get(name) ?? 0;
  }

  /** Up to two other processes die, at any moment of the round. */
  private async killOthers(world: World, targets: readonly Machine[]): Promise<void> {
    const others = world.machines().filter((machine) => !targets.includes(machine));
    await Promise.all(
      Array.from({ length: this.random.between(0, 2) }, async () => {
        const victim = this.random.pick(others);
        await delay(this.random.between(0, KILL_WITHIN_MS));
        await victim.restart();
      }),
    );
  }

  /** In whole cycles each failpoint was met as often as it was its turn. */
  private checkCoverage(): void {
    const turns = Math.floor(this.rounds / ROUNDS_A_CYCLE);
    for (const [name, times] of this.met) {
      if (times < turns) this.problems.push(`${name} was met ${times} times, not ${turns}`);
    }
  }
}

/** Two of each round, far from each other in the list. */
function pointsOf(round: number): Failpoint[] {
  const first = (round - 1) % ROUNDS_A_CYCLE;
  return [FAILPOINTS[first], FAILPOINTS[first + ROUNDS_A_CYCLE]].filter(
    (name) => name !== undefined,
  );
}

function isOfHolds(failpoint: Failpoint | undefined): boolean {
  return failpoint?.startsWith("place-holds.") ?? false;
}

function machinesOf(world: World, failpoint: Failpoint): Machine[] {
  if (failpoint.startsWith("confirm.")) return world.members.map(({ machine }) => machine);
  if (/^relay-(store|delete)\./.test(failpoint)) return [world.relay];
  return Object.values(world.daemons);
}
