import type { Clock } from "../../platform/clock.ts";
import type { Pushed } from "../../vault/offer-table.ts";
import type { Agent } from "../agent.ts";
import type { Session } from "../session-registry.ts";
import type { Offers } from "./offers.ts";

/** A push that its bridge did not confirm is made again after this long at the earliest, in ms. */
const UNCONFIRMED_MS = 30_000;

/** Pushes new mail and contact requests to the sessions' bridges, for their channels (rule M2). */
export class ChannelPusher {
  private readonly parts: { agent: Agent; offers: Offers; clock: Clock };
  private readonly underway = new Map<number, { until: number; pushed: Pushed }>();

  constructor(parts: { agent: Agent; offers: Offers; clock: Clock }) {
    this.parts = parts;
    const { agent } = parts;
    // After the calls that wait for this very mail: what one of them takes is not pushed (rule A3).
    agent.mailroom.on("delivered", (labels) => setImmediate(() => this.tryLook(labels)));
    agent.on("requests", () => this.lookForRequests());
  }

  /** What cannot be pushed now stays unread: nobody is left to be told of the error. */
  private tryLook(labels: readonly string[]): void {
    try {
      this.look(labels);
    } catch {
      // E.g. a disk that fails; hook and inbox offer it.
    }
  }

  look(labels: readonly string[]): void {
    const { agent, offers, clock } = this.parts;
    if (agent.isClosed) return;
    const now = clock.now();
    for (const label of labels) {
      const session = agent.sessions.get(label);
      // One of its bridges is enough: the harness has one conversation.
      const [peer] = session?.peers ?? [];
      if (!session || !peer) continue;
      for (const row of offers.unpushed(label)) {
        if ((this.underway.get(row.delivery)?.until ?? 0) > now) continue;
        const { text, pushed } = offers.forChannel(row);
        for (const one of pushed) {
          this.underway.set(one.delivery, { until: now + UNCONFIRMED_MS, pushed: one });
        }
        const deliveries = pushed.map(({ delivery }) => delivery);
        peer.notify("push", { content: text, meta: metaOf(row), deliveries });
      }
    }
  }

  async written(session: Session, deliveries: readonly number[]): Promise<void> {
    const { offers, clock } = this.parts;
    const pushed = deliveries.flatMap((delivery) => this.underway.get(delivery)?.pushed ?? []);
    await offers.written(pushed, session.label, clock.now());
    for (const delivery of deliveries) this.underway.delete(delivery);
  }

  private lookForRequests(): void {
    const { agent, offers } = this.parts;
    for (const { label } of agent.sessions.labels()) {
      const session = agent.sessions.get(label);
      const [peer] = session?.peers ?? [];
      if (!session || !peer) continue;
      for (const content of offers.newRequests(session.life.pushedRequests)) {
        peer.notify("push", { content, meta: { kind: "contact_request" }, deliveries: [] });
      }
    }
  }
}

/** Attributes of the channel's tag: words whose shape is checked, so that none can end it. */
function metaOf(row: { id: string; peer: string; from_session: string | null }) {
  return {
    kind: "message",
    from: row.peer,
    ...(row.from_session === null ? {} : { session: row.from_session }),
    ...(/^[\w:.-]+$/.test(row.id) ? { id: row.id } : {}),
  };
}
