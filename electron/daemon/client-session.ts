import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { personCalls } from "../../shared/protocol/person-calls.ts";
import type { CallParams, CallResult, Handed } from "../../shared/protocol/protocol.ts";
import type { ReceivedMessage, ToldMessage } from "../../shared/protocol/received-message.ts";
import type {
  AuthorizedCall,
  CallContext,
  ClientConnection,
  ClientPeer,
} from "../bridge/session-host.ts";
import { quarantineCount } from "../vault/envelope-table.ts";
import {
  type DeliveryRow,
  deliveredReplies,
  unreadCount,
  unreadDeliveries,
  unreadFrom,
} from "../vault/mail-table.ts";
import type { Agent } from "./agent.ts";
import { assignedAgent, assignmentHandlers } from "./assignment-calls.ts";
import type { CallHandlers } from "./call-handlers.ts";
import { contactHandlers } from "./contact-calls.ts";
import { senderNote } from "./framed-message.ts";
import { handleHandlers } from "./handle-calls.ts";
import { hookHandlers } from "./hooks/hook-calls.ts";
import type { Host } from "./host.ts";
import { receivedMessageOf } from "./mailroom.ts";
import { moveHandlers } from "./move-calls.ts";
import { passphraseAction } from "./passphrases.ts";
import { permissionHandlers } from "./permission-prompts.ts";
import { PersonDesk } from "./person-desk.ts";
import { reachHandlers } from "./reach.ts";
import { responderHandlers } from "./responder/responder-calls.ts";
import type { Sender } from "./sent-mail.ts";
import type { Session } from "./session-registry.ts";
import { triageHandlers } from "./triage-calls.ts";
import { waitForMail } from "./waiting.ts";

/** One inbox call hands out at most this many messages; the rest stays for the next. */
const INBOX_PAGE = 50;
/** S1: a session is asked this often, and is over when it did not answer for `SILENT_MS`. */
const PING_EVERY_MS = 10_000;
const SILENT_MS = 30_000;
/** A timer that fires this late did so because the machine slept, in ms. */
const SLEPT_MS = 5_000;
const NO_SESSION: Sender = { label: null, harnessSessionId: null };

/** One proven connection: what it may ask, and the session it became by `attach`. */
export class ClientSession implements ClientConnection {
  private readonly host: Host;
  private readonly peer: ClientPeer;
  private readonly person: PersonDesk;
  private readonly handlers: CallHandlers;
  private agent: Agent | null = null;
  private sendOnly = false;
  private session: Session | null = null;
  private readonly unconfirmed = new Set<number>();
  private cancelPing: (() => void) | null = null;
  private readonly onOpened = () => {
    if (this.agent === null) this.peer.notify("agent.opened", {});
  };
  private readonly onDelivered = (labels: readonly string[]) => this.delivered(labels);

  constructor(host: Host, peer: ClientPeer) {
    this.host = host;
    this.peer = peer;
    this.person = new PersonDesk(host);
    this.handlers = { ...this.ownHandlers, ...this.person.handlers };
    host.on("opened", this.onOpened);
  }

  call<N extends AuthorizedCall>(
    name: N,
    params: CallParams<N>,
    context: CallContext,
  ): Promise<CallResult<N>> {
    const answer = this.answer(name, params, context);
    // A hook waits as long as its harness lives: it needs a host only where its session does.
    return name === "hook.wait" ? answer : this.host.busyWhile(answer);
  }

  closed(): void {
    this.host.off("opened", this.onOpened);
    this.cancelPing?.();
    this.leave();
    this.person.left();
  }

  private async answer<N extends AuthorizedCall>(
    name: N,
    params: CallParams<N>,
    context: CallContext,
  ): Promise<CallResult<N>> {
    return this.handlers[name](params, context);
  }

  private readonly ownHandlers: Omit<CallHandlers, keyof typeof personCalls> = {
    attach: (params) => this.attach(params),
    "attach.assigned": async ({ project, ...place }) => {
      const agent = assignedAgent(this.host, { ...place, project });
      const wallet = agent?.identity.name;
      return { attached: wallet ? await this.attach({ ...place, wallet }) : null };
    },
    "wallet.create": async ({ name }) => ({ created: (await this.host.agents.create(name)).ref() }),
    "wallet.list": () => ({
      wallets: this.host.agents
        .list()
        .map((agent) => ({ ...agent.ref(), active: agent === this.agent })),
    }),
    whoami: () => ({
      attached: this.attachedView(),
      harnessSessionId: this.session?.harnessSessionId ?? null,
      buffered: this.session && this.agent ? unreadCount(this.agent.vault, this.session.label) : 0,
      autorespond: this.agent ? this.host.responders.of(this.agent).standing.state : null,
      undecryptable: this.agent ? quarantineCount(this.agent.vault) : 0,
      pendingContactRequests: this.agent?.contacts.requests().length ?? 0,
    }),
    sessions: () => this.sessionsView(),
    "attach.sender": ({ wallet }) => {
      const agent = this.host.agents.named(wallet);
      this.leave();
      this.agent = agent;
      this.sendOnly = true;
      return { active: agent.ref() };
    },
    send: async (params) => {
      const { agent, from } = this.sender();
      return { sent: await agent.send(params, from) };
    },
    "message.status": ({ id }) => ({ sent: this.required().agent.sent(id) }),
    "message.cancel": async ({ id }) => ({ sent: await this.required().agent.cancel(id) }),
    inbox: ({ peek }) => this.inbox(peek),
    "reply.check": (params, context) => this.checkReply(params, context),
    "reply.await": (params, context) => this.awaitReply(params, context),
    confirm: async (handed) => {
      await this.confirm([handed]);
      return {};
    },
    handover: ({ show, link }) => ({ releasing: this.host.handOver(show, link ?? null) }),
    "vault.passphrase": (params) => passphraseAction(this.host, params),
    status: () => this.host.snapshot(),
    ...triageHandlers(
      () => this.required(),
      (cryptoId) => this.host.agents.nameOf(cryptoId),
    ),
    ...assignmentHandlers(() => this.host),
    ...contactHandlers(() => this.required().agent),
    ...handleHandlers(() => this.host),
    ...responderHandlers(
      () => this.host.responders,
      () => this.required().agent,
    ),
    ...moveHandlers(() => this.host),
    ...hookHandlers(
      () => this.host.hooks,
      () => this.required(),
      () => this.peer,
    ),
    ...reachHandlers(() => this.host.reach),
    ...permissionHandlers(
      () => this.required(),
      () => this.peer,
    ),
  };

  private async attach(params: CallParams<"attach">): Promise<CallResult<"attach">> {
    const agent = this.host.agents.named(params.wallet);
    // Refused, the session stays where it is.
    const attached = agent.sessions.attach(
      this.peer,
      { harnessSessionId: params.harnessSessionId, cwd: params.cwd, pid: params.pid },
      { label: params.label, pinned: params.pinned },
      this.host.clock.now(),
    );
    const { session } = attached;
    if (this.agent !== agent) {
      this.leave();
      agent.mailroom.on("delivered", this.onDelivered);
    }
    this.agent = agent;
    this.session = session;
    this.cancelPing ?? this.schedulePing();
    // Before anything is offered. A vault that refuses to be written is told elsewhere.
    if (params.written) await this.takeWritten(params.written).catch(() => undefined);
    await agent.sessionChanged(attached);
    await this.host.hooks.attached(agent, session);
    return this.attachedView() as CallResult<"attach">;
  }

  /** What the client has by the word of a host that went away. */
  private async takeWritten({ handed, pushed }: NonNullable<CallParams<"attach">["written"]>) {
    await this.confirm(handed);
    const { agent, session } = this.required();
    if (pushed.length > 0) await this.host.hooks.pushWritten(agent, session, pushed);
  }

  /** The client has them: they are read, where they are of the agent that this session stands for. */
  private async confirm(written: readonly Handed[]): Promise<void> {
    const { agent, session } = this.required();
    const own = written.filter((handed) => handed.agent === agent.identity.cryptoId);
    const deliveries = own.flatMap((handed) => handed.deliveries);
    if (deliveries.length === 0) return;
    await agent.mailroom.confirm(deliveries, session.label);
    for (const delivery of deliveries) this.unconfirmed.delete(delivery);
    agent.emit("mail", [session.label], false);
    agent.emit("changed");
  }

  /** The session this connection stands for now; it may have moved to another label meanwhile. */
  private current(): Session | null {
    return this.agent?.sessions.of(this.peer) ?? null;
  }

  private required(): { agent: Agent; session: Session } {
    const session = this.current();
    if (this.agent && session) return { agent: this.agent, session };
    throw new TinyplaceError(
      "session_required",
      "This session is not attached to an agent yet.",
      "Call `wallet_list`, then `use` with a wallet's name (or `wallet_create` a new one first).",
    );
  }

  /** Who sends: a session, or a client that only sends and is none (rule S4). */
  private sender(): { agent: Agent; from: Sender } {
    if (this.agent && this.sendOnly) return { agent: this.agent, from: NO_SESSION };
    const { agent, session } = this.required();
    return { agent, from: session };
  }

  private attachedView(): CallResult<"whoami">["attached"] {
    const session = this.current();
    if (!this.agent || !session) return null;
    return {
      active: this.agent.ref(),
      label: session.label,
      sessions: this.agent.summary().sessions.map(({ label }) => ({ label, live: true })),
    };
  }

  private sessionsView(): CallResult<"sessions"> {
    const { agent, session } = this.required();
    const sessions = agent.summary().sessions.map((one) => ({
      label: one.label,
      harnessSessionId: one.harnessSessionId,
      pid: one.pid,
      cwd: one.cwd,
      startedAt: one.startedAt,
      updatedAt: one.lastSeenAt,
      self: one.label === session.label,
      state: one.state,
      unread: one.unread,
    }));
    return { agent: agent.ref(), count: sessions.length, sessions, thisLabel: session.label };
  }

  private async inbox(peek: boolean): Promise<CallResult<"inbox">> {
    const { agent, session } = this.required();
    const rest = {
      contactRequests: [...agent.contacts.requests()],
      undecryptable: quarantineCount(agent.vault),
    };
    if (peek) {
      const rows = unreadDeliveries(agent.vault, session.label, INBOX_PAGE);
      return {
        handed: handedOf(agent, []),
        messages: rows.map((row) => this.told(agent, receivedMessageOf(row))),
        ...rest,
      };
    }
    const rows = agent.mailroom.freeUnread(session.label, INBOX_PAGE);
    // Before anything is awaited: a connection that ends meanwhile lets go of what it took.
    this.remember(rows.map((row) => row.delivery));
    const { deliveries, messages } = await agent.mailroom.hand(rows);
    const handed = handedOf(agent, deliveries);
    return { handed, messages: messages.map((one) => this.told(agent, one)), ...rest };
  }

  private async checkReply(
    params: CallParams<"reply.check">,
    context: CallContext,
  ): Promise<CallResult<"reply.check">> {
    const { agent } = this.required();
    const isAnswer = agent.answersTo(params.inReplyTo);
    const find = (label: string): DeliveryRow | null => {
      const rows = deliveredReplies(agent.vault, label, params.inReplyTo).filter(isAnswer);
      // Asking again for a reply that was read already is answered with it.
      return agent.mailroom.free(rows.filter((row) => row.read_at === null))[0] ?? rows[0] ?? null;
    };
    return this.waitFor(agent, find, params.waitMs, context);
  }

  private async awaitReply(
    params: CallParams<"reply.await">,
    context: CallContext,
  ): Promise<CallResult<"reply.await">> {
    const { agent } = this.required();
    const from = await agent.directory.resolve(params.from);
    const find = (label: string): DeliveryRow | null =>
      agent.mailroom.free(unreadFrom(agent.vault, label, from))[0] ?? null;
    return this.waitFor(agent, find, params.timeoutMs, context);
  }

  private async waitFor(
    agent: Agent,
    find: (label: string) => DeliveryRow | null,
    ms: number,
    context: CallContext,
  ): Promise<CallResult<"reply.check">> {
    // A session that goes over to another agent waits for nothing of this one any more.
    const label = () => (this.agent === agent && this.current()?.label) || null;
    const { deliveries, message } = await waitForMail(
      { mailroom: agent.mailroom, timers: this.host.timers },
      { label, find, ms, signal: context.signal },
    );
    if (context.signal.aborted || this.agent !== agent) {
      // A cancelled wait leaves the reply in the inbox.
      agent.mailroom.unhand(deliveries);
      return { handed: handedOf(agent, []), reply: null };
    }
    this.remember(deliveries);
    return { handed: handedOf(agent, deliveries), reply: message && this.told(agent, message) };
  }

  /** A message with what is known of its sender. */
  private told(agent: Agent, message: ReceivedMessage): ToldMessage {
    const nameOf = (cryptoId: string) => this.host.agents.nameOf(cryptoId);
    return { ...message, ...senderNote(agent, nameOf, message.from) };
  }

  private remember(deliveries: readonly number[]): void {
    for (const delivery of deliveries) this.unconfirmed.add(delivery);
  }

  private delivered(labels: readonly string[]): void {
    const session = this.current();
    if (!this.agent || !session || !labels.includes(session.label)) return;
    const { vault } = this.agent;
    const latest = unreadDeliveries(vault, session.label, 1)[0];
    this.peer.notify("mail", {
      unread: unreadCount(vault, session.label),
      latest: latest ? this.told(this.agent, receivedMessageOf(latest)) : null,
    });
  }

  private leave(): void {
    const { agent } = this;
    if (!agent) return;
    agent.mailroom.off("delivered", this.onDelivered);
    agent.mailroom.unhand(this.unconfirmed);
    this.unconfirmed.clear();
    const ended = agent.sessions.detach(this.peer);
    if (ended !== null) agent.sessionEnded(ended);
    this.agent = null;
    this.session = null;
    this.sendOnly = false;
  }

  private schedulePing(): void {
    this.cancelPing = this.host.timers.after(PING_EVERY_MS, () => this.ping());
  }

  private ping(): void {
    const { timers, clock } = this.host;
    const askedAt = clock.now();
    let asksAgain = false;
    const silent = timers.after(SILENT_MS, () => {
      // The machine slept: an answer may have come that nobody has read yet (rule S6).
      asksAgain = clock.now() - askedAt > SILENT_MS + SLEPT_MS;
      if (asksAgain) this.ping();
      else this.peer.close({ reason: "this session did not answer for 30 s", next: "end" });
    });
    this.peer.ping().then(
      () => {
        silent();
        if (asksAgain) return;
        const session = this.current();
        if (session) session.lastSeenAt = clock.now();
        this.schedulePing();
      },
      () => silent(),
    );
  }
}

function handedOf(agent: Agent, deliveries: number[]): Handed {
  return { agent: agent.identity.cryptoId, deliveries };
}
