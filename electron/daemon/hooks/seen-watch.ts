import type { Timers } from "../../../shared/pacing/timers.ts";
import type { Clock } from "../../platform/clock.ts";
import { unseen } from "../../vault/offer-table.ts";
import type { Agent } from "../agent.ts";
import type { Session } from "../session-registry.ts";
import type { Offers } from "./offers.ts";
import { Transcript } from "./transcript.ts";

/** After something was handed to a session its transcript is looked at this much later, in ms. */
const LOOKS_MS = [300, 2_000, 10_000, 60_000];
const WATCHED_FOR_MS = 3_600_000;
const MAX_WATCHED = 200;
/** A short id of another program's making would stand in any transcript by chance. */
const MIN_ID_LENGTH = 12;

interface SeenWatchParts {
  readonly agent: Agent;
  readonly offers: Offers;
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * Finds out what reached the model, in the transcripts of an agent's sessions (D6): there a read message
 * is seen by its id. An unread one is only where the frame stands in which it was pushed, since anybody's
 * text may name its id.
 */
export class SeenWatch {
  private readonly parts: SeenWatchParts;
  private readonly transcripts = new WeakMap<Session["life"], Transcript>();
  private readonly looking = new WeakSet<Session["life"]>();
  /** What is still to come for each session. */
  private readonly looks = new Map<Session["life"], (() => void)[]>();

  constructor(parts: SeenWatchParts) {
    this.parts = parts;
    const { agent } = parts;
    agent.mailroom.on("read", (label) => {
      const session = agent.sessions.get(label);
      if (session) this.soon(session);
    });
    agent.once("closing", () => {
      for (const cancel of [...this.looks.values()].flat()) cancel();
    });
  }

  /** Something was handed to the session just now. */
  soon(session: Session): void {
    if (session.life.transcript === null) return;
    for (const cancel of this.looks.get(session.life) ?? []) cancel();
    const last = LOOKS_MS.at(-1);
    const looks = LOOKS_MS.map((ms) =>
      this.parts.timers.after(ms, () => {
        if (ms === last) this.looks.delete(session.life);
        this.look(session).catch(() => undefined);
      }),
    );
    this.looks.set(session.life, looks);
  }

  private async look(session: Session): Promise<void> {
    const { life, label } = session;
    const { agent, offers, clock } = this.parts;
    if (agent.isClosed || this.looking.has(life) || life.transcript === null) return;
    this.looking.add(life);
    try {
      const awaited = unseen(agent.vault, label, clock.now() - WATCHED_FOR_MS, MAX_WATCHED).filter(
        ({ id }) => id.length >= MIN_ID_LENGTH,
      );
      const transcript = this.transcriptOf(life, life.transcript);
      if (awaited.length === 0) return transcript.skip();
      const marked = awaited.map((one) => ({ ...one, mark: offers.markOf(one) }));
      const found = await transcript.find(marked.flatMap(({ id, mark }) => [id, mark]));
      if (found.size === 0 || agent.isClosed) return;
      const seen = marked.flatMap(({ id, mark, ...one }) => {
        const isFramed = found.has(mark);
        return isFramed || (one.isRead && found.has(id)) ? [{ ...one, isFramed }] : [];
      });
      if (seen.some(({ byChannel }) => byChannel)) life.hasChannel = true;
      await offers.seen(seen, label, clock.now());
    } finally {
      this.looking.delete(life);
    }
  }

  private transcriptOf(life: Session["life"], path: string): Transcript {
    const known = this.transcripts.get(life);
    if (known?.path === path) return known;
    const transcript = new Transcript(path);
    this.transcripts.set(life, transcript);
    return transcript;
  }
}
