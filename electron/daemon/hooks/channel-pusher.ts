import type { Carried } from "../../../shared/protocol/hook-calls.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Agent } from "../agent.ts";
import type { Session } from "../session-registry.ts";
import type { Offers } from "./offers.ts";

/** A push that its bridge did not confirm is made again after this long at the earliest, in ms. */
const UNCONFIRMED_MS = 30_000;

/** Pushes new mail and contact requests to the sessions' bridges, for their channels (rule M2). */
export class ChannelPusher {
  private readonly parts: { agent: Agent; offers: Offers; clock: Clock };
  /** Deliveries whose push is not confirmed: when it is made again, in ms. */
  private readonly underway = new Map<number, number>();

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
        const { delivery } = row;
        if ((this.underway.get(delivery) ?? 0) > now) continue;
        const { text, whole } = offers.forChannel(row);
        this.underway.set(delivery, now + UNCONFIRMED_MS);
        const carried = { agent: agent.identity.cryptoId, delivery, whole };
        peer.notify("push", { content: text, meta: metaOf(row), carried });
      }
    }
  }

  /** What pushes carried was written, by this host's word or an earlier one's. */
  async written(session: Session, carried: readonly Carried[]): Promise<void> {
    const { agent, offers, clock } = this.parts;
    const pushed = carried
      .filter((one) => one.agent === agent.identity.cryptoId)
      .map(({ delivery, whole }) => ({ delivery, whole, by: "channel" as const }));
    await offers.written(pushed, session.label, clock.now());
    for (const { delivery } of pushed) this.underway.delete(delivery);
  }

  private lookForRequests(): void {
    const { agent, offers } = this.parts;
    for (const { label } of agent.sessions.labels()) {
      const session = agent.sessions.get(label);
      const [peer] = session?.peers ?? [];
      if (!session || !peer) continue;
      for (const content of offers.newRequests(session.life.pushedRequests)) {
        peer.notify("push", { content, meta: { kind: "contact_request" }, carried: null });
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
