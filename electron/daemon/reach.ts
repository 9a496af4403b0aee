import { randomBytes } from "node:crypto";
import type { SessionWays, Way } from "../../shared/model/session-ways.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { CallResult } from "../../shared/protocol/protocol.ts";
import type { reachCalls } from "../../shared/protocol/reach-calls.ts";
import type { Clock } from "../platform/clock.ts";
import type { Agent } from "./agent.ts";
import type { CallHandlers } from "./call-handlers.ts";
import { AppendedLines } from "./hooks/appended-lines.ts";
import type { HookDesk } from "./hooks/hook-desk.ts";
import type { Session } from "./session-registry.ts";

/** What answers, answers within this, in ms. */
const ANSWER_MS = 3_000;
/** A pushed mark is looked for in the transcript this often, and so many times. */
const LOOK_EVERY_MS = 500;
const LOOKS = 10;

interface ReachParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hooks: HookDesk;
  readonly agents: () => readonly Agent[];
}

/**
 * Finds out which ways into a session work, by marked messages that go the way of mail and are none:
 * a mark is kept in memory until it came back or is late, and nowhere else (rule U5).
 */
export class Reach {
  private readonly parts: ReachParts;
  private readonly marks = new Map<string, () => void>();

  constructor(parts: ReachParts) {
    this.parts = parts;
  }

  answered(mark: string): void {
    this.marks.get(mark)?.();
  }

  async check(push: boolean): Promise<CallResult<"reach.check">> {
    const agents = this.parts.agents();
    const sessions = agents.flatMap((agent) =>
      agent.sessions.labels().flatMap(({ label }) => {
        const session = agent.sessions.get(label);
        return session ? [{ agent, session }] : [];
      }),
    );
    return {
      agents: await Promise.all(agents.map((agent) => this.agentReach(agent))),
      sessions: await Promise.all(
        sessions.map(async ({ agent, session }) => ({
          agent: agent.identity.name,
          label: session.label,
          pid: session.pid,
          project: session.cwd,
          ways: await this.waysOf(session, push),
        })),
      ),
    };
  }

  async waysOf(session: Session, push = false): Promise<SessionWays> {
    const [tool, wake, channel] = await Promise.all([
      this.tool(session),
      this.wake(session),
      this.channel(session, push),
    ]);
    return { tool, hook: this.hook(session), wake, channel };
  }

  private async agentReach(agent: Agent) {
    const { name } = agent.identity;
    const from = this.parts.clock.now();
    try {
      const { libsignal } = await agent.relay.keyHealth();
      const relayMs = Math.max(0, this.parts.clock.now() - from);
      return { name, relayMs, problem: null, oneTimeKeys: libsignal?.preKeyCount ?? null };
    } catch (error) {
      const problem = error instanceof Error ? error.message : "unknown";
      return { name, relayMs: null, problem, oneTimeKeys: null };
    }
  }

  /** The way of a tool's result: over the bridge to the harness, and back. */
  private async tool(session: Session): Promise<Way> {
    const [peer] = session.peers;
    if (!peer) return fails("Its bridge is gone: start the session again.");
    const mark = `check-${randomBytes(8).toString("hex")}`;
    const from = this.parts.clock.now();
    const came = new Promise<void>((resolve) => this.marks.set(mark, resolve));
    peer.notify("check", { mark });
    const inTime = await this.within(came);
    this.marks.delete(mark);
    const ms = Math.max(0, this.parts.clock.now() - from);
    return inTime
      ? works(`A marked message went to its Claude Code and back in ${ms} ms.`)
      : fails("A marked message did not come back in 3 s: start the session again.");
  }

  private hook({ life }: Session): Way {
    if (life.heardAt === null) {
      return unproven(
        "No hook of it was heard yet: install the plugin (tinyplace plugin install) and start the session again.",
      );
    }
    return works(`A hook of it was heard at ${new Date(life.heardAt).toISOString()}.`);
  }

  private async wake(session: Session): Promise<Way> {
    const ping = this.parts.hooks.waiterOf(session.pid);
    if (!ping) {
      return unproven("No hook of it waits for mail: the plugin's begins with its next prompt.");
    }
    const answered = await this.within(ping().catch(() => new Promise<void>(() => undefined)));
    return answered
      ? works("A hook of it waits for mail, and answered.")
      : fails("The hook that waits for mail does not answer: say something in the session.");
  }

  private async channel(session: Session, push: boolean): Promise<Way> {
    const { life } = session;
    if (!life.hasChannel && push) await this.pushMark(session);
    return life.hasChannel
      ? works("What was pushed to it stands in its transcript.")
      : unproven(
          "Nothing that was pushed was seen in its transcript: Claude Code takes channels only where they are turned on.",
        );
  }

  private async pushMark({ life, peers }: Session): Promise<void> {
    const [peer] = peers;
    if (!peer || life.transcript === null) return;
    const lines = new AppendedLines(life.transcript, 0);
    await lines.read().catch(() => []);
    const mark = `check-${randomBytes(8).toString("hex")}`;
    const content = `[tinyplace ${mark}: a check of this channel by the person. There is nothing to do or to answer.]`;
    peer.notify("push", { content, meta: { kind: "check" }, carried: null });
    for (let look = 0; look < LOOKS && !life.hasChannel; look++) {
      await new Promise<void>((resolve) => this.parts.timers.after(LOOK_EVERY_MS, resolve));
      const read = await lines.read().catch(() => []);
      if (read.some((line) => line.includes(mark))) life.hasChannel = true;
    }
  }

  private within(came: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.parts.timers.after(ANSWER_MS, () => resolve(false));
      void came.then(() => {
        cancel();
        resolve(true);
      });
    });
  }
}

export function reachHandlers(reach: () => Reach): CallHandlers<keyof typeof reachCalls> {
  return {
    "reach.check": ({ push }) => reach().check(push),
    "check.answered": ({ mark }) => {
      reach().answered(mark);
      return {};
    },
  };
}

const works = (proof: string): Way => ({ state: "works", proof });
const unproven = (proof: string): Way => ({ state: "unproven", proof });
const fails = (proof: string): Way => ({ state: "fails", proof });
