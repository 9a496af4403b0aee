import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ClientPeer } from "../../electron/bridge/session-host.ts";
import { Agent } from "../../electron/daemon/agent.ts";
import { drawIdentity, type Identity } from "../../electron/daemon/identity.ts";
import type { Session } from "../../electron/daemon/session-registry.ts";
import type { RatchetThread } from "../../electron/ratchet/ratchet-thread.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import type { RelayTransport } from "../../electron/relay/transport.ts";
import { unreadDeliveries } from "../../electron/vault/mail-table.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { newMessageId } from "../../shared/envelope/envelope.ts";
import { ManualTime } from "./manual-time.ts";
import { temporaryHome } from "./temporary-home.ts";

/**
 * Agents with real vaults, ratchets and a real relay over HTTP, all in this process and on one clock
 * that the test moves.
 */
export class Bench {
  readonly time = new ManualTime();
  readonly home = temporaryHome();
  /** Given to agents that start from then on. */
  ratchetThread: RatchetThread | null = null;
  private relay: RelayServer | null = null;
  private store: SqliteRelayStore | null = null;
  private port = 0;
  private elsewhere: string | null = null;

  static async start(): Promise<Bench> {
    const bench = new Bench();
    await bench.relayUp();
    onTestFinished(() => bench.relayDown());
    return bench;
  }

  get url(): string {
    return this.elsewhere ?? `http://127.0.0.1:${this.port}`;
  }

  /** The parties' relay is another one than ours. */
  relayElsewhere(url: string): void {
    this.elsewhere = url;
  }

  async relayUp(): Promise<void> {
    this.store = new SqliteRelayStore(join(this.home, "relay.db"));
    this.relay = await startRelay({ store: this.store, port: this.port, clock: this.time });
    this.port = this.relay.port;
  }

  async relayDown(): Promise<void> {
    await this.relay?.close();
    await this.store?.close();
    this.relay = null;
    this.store = null;
  }

  /** A person's agent, not started. */
  party(name: string): Party {
    const party = new Party(this, drawIdentity(name));
    onTestFinished(() => party.close());
    return party;
  }

  /** The same agent from a copy of its data, as another installation. */
  copyOf(party: Party, installation: string): Party {
    const copy = party.copy(installation);
    onTestFinished(() => copy.close());
    return copy;
  }

  /** Two agents, started, each other's contacts. */
  async pair(): Promise<[Party, Party]> {
    const [a, b] = [this.party("a"), this.party("b")];
    await Promise.all([a.start(), b.start()]);
    await befriend(a, b);
    return [a, b];
  }
}

export async function befriend(a: Party, b: Party): Promise<void> {
  await a.agent.relay.requestContact(b.id);
  await b.agent.relay.acceptContact(a.id);
}

interface SendOptions {
  readonly toSession?: string;
  readonly inReplyTo?: string;
  readonly id?: string;
  readonly auto?: boolean;
}

/** One agent over its lives: a crash and a new start are the same party. */
export class Party {
  readonly identity: Identity;
  readonly bench: Bench;
  private folder: string;
  private key: Uint8Array = randomBytes(32);
  private epoch = 0;
  private running: Agent | null = null;
  /** Which machine this is, to the relay. */
  installation = "one";
  /** Wraps the transport of later starts, to make the network bad. */
  wrap: (relay: RelayTransport) => RelayTransport = (relay) => relay;

  constructor(bench: Bench, identity: Identity) {
    this.bench = bench;
    this.identity = identity;
    this.folder = join(bench.home, identity.cryptoId);
  }

  copy(installation: string): Party {
    const copy = new Party(this.bench, this.identity);
    copy.installation = installation;
    copy.folder = `${this.folder}-${installation}`;
    copy.key = this.key;
    copy.epoch = this.epoch;
    cpSync(this.folder, copy.folder, { recursive: true });
    return copy;
  }

  get id(): string {
    return this.identity.cryptoId;
  }

  get agent(): Agent {
    if (!this.running) throw new Error(`${this.identity.name} is not started`);
    return this.running;
  }

  get vault(): Vault {
    return this.agent.vault;
  }

  /** Starts, and resolves when the relay answers; `online: false` does not wait for that. */
  async start(options: { online?: boolean } = {}): Promise<void> {
    const { time, url, ratchetThread } = this.bench;
    const { identity } = this;
    this.epoch++;
    const first = this.epoch === 1;
    if (first) mkdirSync(this.folder, { recursive: true });
    const vault = first
      ? Vault.create(this.folder, this.key, { ...identity, createdAt: time.now(), epoch: 1 })
      : Vault.open(this.folder, this.key, this.epoch);
    // The doorbell's heartbeat keeps real time: moved by hand it would miss answers on their way.
    const installation = { id: this.installation, host: `host of ${this.installation}` };
    const http = new HttpRelayTransport(url, createSigner(identity.seed), time, { installation });
    const relay = this.wrap(http);
    const agent = new Agent({
      identity,
      vault,
      keys: { store: "file" },
      relay,
      clock: time,
      timers: time,
      ...(ratchetThread && { ratchetThread }),
    });
    this.running = agent;
    const published = new Promise<void>((resolve) => {
      const look = async () => {
        const health = await http.keyHealth().catch(() => null);
        if (health?.libsignal && health.sdk.signedPreKeyId !== null) resolve();
        else setImmediate(look);
      };
      agent.once("online", () => void look());
    });
    agent.start();
    if (options.online !== false) await published;
  }

  async close(): Promise<void> {
    await this.running?.close();
    this.running = null;
  }

  /** As kill -9 would: what is not on disk is gone, and nothing is said to anyone. */
  async crash(): Promise<void> {
    const old = this.agent;
    this.running = null;
    // From here on the old life's writes are refused, as a dead process makes none.
    Vault.open(this.folder, this.key, ++this.epoch).close();
    await old.close();
  }

  /** A live session under a label; null takes the one it had, or the next. */
  async session(
    label: string | null,
    harness: string | null = `${this.identity.name}-${label}`,
  ): Promise<Session> {
    const peer: ClientPeer = { notify: () => {}, ping: async () => {}, close: () => {} };
    const attached = this.agent.sessions.attach(
      peer,
      { harnessSessionId: harness, cwd: "/work", pid: 1 },
      { label, pinned: false },
      this.bench.time.now(),
    );
    await this.agent.sessionChanged(attached);
    return attached.session;
  }

  /** The session ends, as a killed client's does. */
  endSession(session: Session): void {
    for (const peer of [...session.peers]) {
      const ended = this.agent.sessions.detach(peer);
      if (ended !== null) this.agent.sessionEnded(ended);
    }
  }

  /** Sends from a session to a peer; resolves with the message's id when the job is committed. */
  send(from: Session, to: Party, body: string, options: SendOptions = {}): Promise<string> {
    return this.sendTo(from, to.id, body, options);
  }

  /** As `send`, to anybody's cryptoId. */
  async sendTo(
    from: Session,
    to: string,
    body: string,
    options: SendOptions = {},
  ): Promise<string> {
    const id = options.id ?? newMessageId(randomBytes(9));
    await this.agent.send(
      {
        id,
        to,
        body,
        toSession: options.toSession ?? null,
        inReplyTo: options.inReplyTo ?? null,
        role: "agent",
        auto: options.auto ?? false,
      },
      from,
    );
    return id;
  }

  /** Reads a session's inbox as a tool does: handed out, then confirmed. */
  async read(session: Session): Promise<{ id: string; text: string; late: boolean }[]> {
    const { mailroom } = this.agent;
    const rows = mailroom.free(unreadDeliveries(this.vault, session.label, 1000));
    const { deliveries, messages } = await mailroom.hand(rows);
    await mailroom.confirm(deliveries, session.label);
    return messages.map(({ id, text, late }) => ({ id, text, late }));
  }

  /** Resolves when `holds` is true; looked at after every change of this agent. */
  until(holds: (agent: Agent) => boolean): Promise<void> {
    const { agent } = this;
    return new Promise((resolve) => {
      const look = () => {
        if (!holds(agent)) return;
        agent.off("changed", look);
        agent.off("mail", look);
        resolve();
      };
      agent.on("changed", look);
      agent.on("mail", look);
      look();
    });
  }

  /** Unread messages of a label. */
  unread(label: string): string[] {
    return unreadDeliveries(this.vault, label, 10_000).map((row) => row.text);
  }
}
