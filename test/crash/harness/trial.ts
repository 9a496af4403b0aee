import type { AgentSummary } from "../../../shared/model/snapshot.ts";
import type { Program } from "../../support/programs.ts";
import type { MachineEvents } from "./machine.ts";
import type { Random } from "./random.ts";
import { type Counts, Tally } from "./tally.ts";
import { type Member, World } from "./world.ts";

interface TrialOptions {
  readonly program: Program;
  readonly random: Random;
  readonly events: MachineEvents;
  /** Nothing arriving for this long, in ms, is the end of waiting. */
  readonly patience: number;
  /** Told in words of everything that is wrong. */
  readonly note: (problem: string) => void;
  readonly relayBehind?: (url: string) => Promise<string>;
}

/** One pair of agents, the mail between their sessions, and the judge of it. */
export class Trial {
  readonly world: World;
  private readonly tally: Tally;
  private readonly options: TrialOptions;
  private sound = true;

  private constructor(options: TrialOptions, world: World, tally: Tally) {
    this.options = options;
    this.world = world;
    this.tally = tally;
  }

  static async create(options: TrialOptions): Promise<Trial> {
    const tally = new Tally();
    return new Trial(options, await World.create({ ...options, tally }), tally);
  }

  counts(): Counts {
    return this.tally.counts();
  }

  /** Every session sends a few, at the same time; the number of messages. */
  async wave(): Promise<number> {
    const { random } = this.options;
    const each = await Promise.all(
      this.world.members.map(async (member) => {
        const count = random.between(2, 6);
        for (let i = 0; i < count; i++) {
          await member.session.send(this.world.correspondent(this.addressee(member)));
        }
        return count;
      }),
    );
    return each.reduce((sum, count) => sum + count, 0);
  }

  /** Waits until what was sent has arrived. True: it has, once and in order. */
  async drain(): Promise<boolean> {
    if (!(await this.tally.drained(this.options.patience))) await this.giveUp();
    return this.judge();
  }

  /** E.g. a session that did not get its place back: nothing of it can arrive any more. */
  async fail(error: unknown): Promise<void> {
    this.wrong(error);
    await this.giveUp();
  }

  /** Waits until nothing is under way any more, and has the sessions read no more. Never rejects. */
  async settle(): Promise<void> {
    try {
      if (this.sound && !(await this.world.quiet(this.options.patience))) {
        this.wrong("not everything was read and done at the end");
        await this.describe();
      }
      if (this.sound) await this.expectNothingUndecryptable();
    } catch (error) {
      // A daemon that does not answer is what went wrong; everything else is ended all the same.
      this.wrong(error);
    }
    await this.world.hush();
    this.judge();
  }

  /** Settles, then ends it all; keeps the folder where anything was wrong. */
  async end(): Promise<void> {
    await this.settle();
    await this.world.end(!this.sound);
    if (!this.sound) this.options.note(`kept: ${this.world.folder}`);
  }

  /** Mostly a session of the other agent, now and then the sender's own sibling. */
  private addressee(member: Member): string {
    const own = this.options.random.chance(0.1);
    const others = this.world.members.filter(
      (other) => other !== member && (other.agent === member.agent) === own,
    );
    return this.options.random.pick(others).session.name;
  }

  private async expectNothingUndecryptable(): Promise<void> {
    const states = await this.world.states();
    if (states.every((state) => state.undecryptable === 0)) return;
    this.wrong("something could not be decrypted");
    await this.describe();
  }

  /** What did not arrive is lost when nothing is under way any more, else stuck. */
  private async giveUp(): Promise<void> {
    const states = await this.world.states().catch((): AgentSummary[] => []);
    const idle = (state: AgentSummary) =>
      state.queued + state.unread + state.holds + state.undecryptable === 0;
    const as = states.length > 0 && states.every(idle) ? "lost" : "stuck";
    for (const { from, id, words } of this.tally.outstanding()) {
      const sender = this.world.members.find(({ session }) => session.name === from);
      const ladder = await sender?.session.statusOf(id);
      this.wrong(`${as}: ${words} ${JSON.stringify(ladder)}`);
    }
    await this.describe();
    this.tally.giveUp(as);
  }

  /** Takes over what the judge found; false when that is anything, or anything was before. */
  private judge(): boolean {
    for (const one of this.tally.problems.splice(0)) this.wrong(one);
    return this.sound;
  }

  /** @param problem in words, or an error that has them */
  private wrong(problem: unknown): void {
    this.sound = false;
    this.options.note(problem instanceof Error ? problem.message : String(problem));
  }

  private async describe(): Promise<void> {
    const states = await this.world.states().catch((error) => {
      this.options.note(`a daemon says nothing of itself: ${error}`);
      return [];
    });
    for (const { name, queued, unread, holds, undecryptable, relay } of states) {
      const state = { queued, unread, holds, undecryptable, relay };
      this.options.note(`agent ${name}: ${JSON.stringify(state)}`);
    }
  }
}

export function total(all: readonly Counts[]): Counts {
  const sum = (of: keyof Counts) => all.reduce((so, one) => so + one[of], 0);
  return {
    sent: sum("sent"),
    delivered: sum("delivered"),
    lost: sum("lost"),
    duplicated: sum("duplicated"),
    out_of_order: sum("out_of_order"),
    stuck: sum("stuck"),
  };
}
