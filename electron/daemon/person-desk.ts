import { windowCalls } from "../../shared/channels/channels.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { compareLabels } from "../../shared/labels/labels.ts";
import { isFinalRung } from "../../shared/model/ladder.ts";
import type { AskResponse, PersonAsk, personCalls } from "../../shared/protocol/person-calls.ts";
import type { CallParams, CallResult } from "../../shared/protocol/protocol.ts";
import { answerTo, unreadCounts, unreadDeliveries } from "../vault/mail-table.ts";
import type { Agent } from "./agent.ts";
import type { CallHandlers } from "./call-handlers.ts";
import type { Host } from "./host.ts";
import { receivedMessageOf } from "./mailroom.ts";
import { hostHandlers } from "./window/handlers.ts";

/** One person at a terminal: what they ask, and what of mail they have in hand. */
export class PersonDesk {
  private readonly host: Host;
  /** What was handed out and is not known to have arrived. */
  private hand: { agent: Agent; deliveries: readonly number[] } | null = null;

  constructor(host: Host) {
    this.host = host;
  }

  readonly handlers: CallHandlers<keyof typeof personCalls> = {
    "person.ask": async ({ call, request }) => ({ response: await this.ask(call, request) }),
    "person.resolve": async ({ wallet, peer }) => ({
      cryptoId: await this.host.agents.named(wallet).directory.resolve(peer),
    }),
    "person.unread": (params) => this.unread(params),
    "person.take": (params) => this.take(params),
    "person.taken": (params) => this.taken(params),
    "person.follow": (params, { signal }) => this.follow(params, signal),
  };

  /** The connection ended: what is not known to have arrived is unread, and free for others. */
  left(): void {
    this.hand?.agent.mailroom.unhand(this.hand.deliveries);
    this.hand = null;
  }

  private async ask<N extends PersonAsk>(name: N, request: unknown): Promise<AskResponse<N>> {
    const read = windowCalls[name].request.safeParse(request);
    if (!read.success) {
      throw new TinyplaceError(
        "bad_request",
        `${name}: ${read.error.issues[0]?.message ?? "a wrong request"}.`,
        "Use the command line of the same version as what runs.",
      );
    }
    return hostHandlers(this.host)[name](read.data as never) as Promise<AskResponse<N>>;
  }

  private unread({
    wallet,
    label,
    limit,
  }: CallParams<"person.unread">): CallResult<"person.unread"> {
    const { vault, sessions } = this.host.agents.named(wallet);
    const unread = unreadCounts(vault);
    const labels = new Set([...unread.keys(), ...sessions.labels().map((one) => one.label)]);
    const shown = label === null ? [...labels].sort(compareLabels) : [label];
    return {
      inboxes: shown.map((one) => ({
        label: one,
        live: sessions.get(one) !== null,
        unread: unread.get(one) ?? 0,
        messages: unreadDeliveries(vault, one, limit).map(receivedMessageOf),
      })),
    };
  }

  private async take({
    wallet,
    label,
    limit,
  }: CallParams<"person.take">): Promise<CallResult<"person.take">> {
    this.left();
    const agent = this.host.agents.named(wallet);
    const rows = agent.mailroom.freeUnread(label, limit);
    // Before anything is awaited: a connection that ends meanwhile lets go of what it took.
    this.hand = { agent, deliveries: rows.map((row) => row.delivery) };
    return agent.mailroom.hand(rows);
  }

  private async taken({
    agent: cryptoId,
    label,
    deliveries,
  }: CallParams<"person.taken">): Promise<CallResult<"person.taken">> {
    const agent = this.host.agents.get(cryptoId);
    await agent.mailroom.confirm(deliveries, label);
    agent.emit("mail", [label], false);
    agent.emit("changed");
    return {};
  }

  private async follow(
    { wallet, id, known, waitMs }: CallParams<"person.follow">,
    signal: AbortSignal,
  ): Promise<CallResult<"person.follow">> {
    const agent = this.host.agents.named(wallet);
    const news = () => {
      const sent = agent.sent(id);
      return sent.ladder.length > known || isFinalRung(sent.state);
    };
    await this.until(agent, news, waitMs, signal);
    const sent = agent.sent(id);
    const answer = answerTo(agent.vault, id, sent.to);
    return { sent, answer: answer && receivedMessageOf(answer) };
  }

  /** Resolves when `holds` is true, the time is over, the client went, or the agent closes. */
  private until(
    agent: Agent,
    holds: () => boolean,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (agent.isClosed || holds()) end();
      };
      const end = () => {
        cancel();
        agent.off("changed", look);
        agent.off("closing", end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.host.timers.after(waitMs, end);
      agent.on("changed", look);
      agent.on("closing", end);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}
