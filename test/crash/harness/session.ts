import { setTimeout as delay } from "node:timers/promises";
import type { BridgeClient } from "../../support/programs.ts";
import type { Random } from "./random.ts";
import type { Offer, Received, Tally } from "./tally.ts";

/** Between two looks at an empty inbox, in ms. */
const PAUSE_MS = 15;
/** How long a session may take to get its place back, in ms. */
const READY_MS = 60_000;

interface Message extends Received {
  readonly from: string;
  readonly fromSession: string | null;
}

interface SessionParts {
  /** E.g. `a1`: the first session of agent a. */
  readonly name: string;
  readonly label: string;
  readonly tally: Tally;
  readonly random: Random;
}

/** Another session that this one writes to. */
export interface Correspondent {
  readonly name: string;
  readonly label: string;
  /** The agent's cryptoId. */
  readonly address: string;
}

/** One Claude Code session as the harness plays it: it sends, and reads whatever it is given. */
export class Session {
  readonly name: string;
  readonly label: string;
  private readonly parts: SessionParts;
  private bridge: BridgeClient | null = null;
  private broken = 0;
  /** Why the last call that brought nothing did not. */
  private lastWords = "";
  private reading: Promise<void> | null = null;
  private ended = false;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.name = parts.name;
    this.label = parts.label;
  }

  /** Its bridge runs (again). */
  connected(bridge: BridgeClient): void {
    this.bridge = bridge;
  }

  /**
   * Its bridge was ended: what it was given unconfirmed may be given again. A bridge that lives on
   * tells the next daemon what it wrote, so that the end of a daemon is no reason.
   */
  disturbed(): void {
    this.broken++;
  }

  /** Begins to read, until `end`. `peers` are the agents it may wait for. */
  read(peers: readonly string[]): void {
    this.reading = this.readOn(peers);
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.reading;
  }

  /** Sends one message; whatever is no clear answer leaves it open whether it happened. */
  async send(to: Correspondent): Promise<void> {
    const { tally, random } = this.parts;
    const padding = random.chance(0.05) ? random.between(2000, 20_000) : random.between(0, 400);
    const body = tally.attempt(this.name, to.name, padding);
    const answer = await this.call("send", { to: to.address, body, to_session: to.label });
    const sent = answer?.sent as { id: string; state: string } | undefined;
    if (sent && sent.state !== "failed") tally.accepted(body, sent.id);
    else await this.attached();
  }

  /** Resolves when the session has its place, under its label; throws when it does not get it. */
  async attached(): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (performance.now() < deadline) {
      if ((await this.call("whoami"))?.label === this.label) return;
      await delay(PAUSE_MS);
    }
    throw new Error(`${this.name} did not get ${this.label} back: ${this.lastWords}`);
  }

  /** What its daemon knows of a message that it sent. */
  async statusOf(id: string): Promise<unknown> {
    return (await this.call("status", { id }))?.sent ?? this.lastWords;
  }

  /** Null: the bridge is gone, or answered with an error. */
  private async call(tool: string, input: Record<string, unknown> = {}) {
    try {
      const answer = await this.bridge?.call(tool, input);
      if (answer && answer.error === undefined) return answer;
      this.lastWords = JSON.stringify(answer ?? "no bridge");
    } catch (error) {
      this.lastWords = String(error);
    }
    return null;
  }

  private async readOn(peers: readonly string[]): Promise<void> {
    const { random } = this.parts;
    while (!this.ended) {
      const some = random.chance(0.2)
        ? await this.offered("await_reply", { from: random.pick(peers), timeout_seconds: 0.2 })
        : await this.offered("inbox", random.chance(0.1) ? { peek: true } : {});
      if (some === 0) await delay(PAUSE_MS);
    }
  }

  /** Hands to the judge what a call returned; the number of messages. */
  private async offered(tool: string, input: Record<string, unknown>): Promise<number> {
    const brokenBefore = this.broken;
    const answer = await this.call(tool, input);
    if (!answer || input.peek) return 0;
    const offer: Offer = { brokenBefore, brokenAfter: this.broken, at: performance.now() };
    const messages = (answer.messages ?? (answer.reply ? [answer.reply] : [])) as Message[];
    for (const message of messages) this.parts.tally.received(this.name, message, offer);
    return messages.length;
  }
}
