import { EventEmitter } from "node:events";
import type { RelayChoice } from "../../shared/model/relay-choice.ts";
import type { HostKind, HostSnapshot, Incident } from "../../shared/model/snapshot.ts";
import { systemTimers, type Timers } from "../../shared/pacing/timers.ts";
import type { Program } from "../bridge/owner-launches.ts";
import type { ClientConnection, ClientPeer, SessionHost } from "../bridge/session-host.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import type { HomePaths } from "../platform/paths.ts";
import { writePrivateFile } from "../platform/private-file.ts";
import { type ProcessRunner, systemProcesses } from "../platform/process-runner.ts";
import { RatchetThread } from "../ratchet/ratchet-thread.ts";
import type { Keychain } from "../vault/keychain.ts";
import type { OwnerLock } from "../vault/owner-lock.ts";
import { asStorageError } from "../vault/storage-errors.ts";
import { Agent } from "./agent.ts";
import { AgentRoster } from "./agent-roster.ts";
import { AgentVaults, type OpenedVault } from "./agent-vaults.ts";
import { Assignments } from "./assignments.ts";
import { ClientSession } from "./client-session.ts";
import { readPolicy } from "./decisions.ts";
import { HookDesk } from "./hooks/hook-desk.ts";
import { HostRelay } from "./host-relay.ts";
import { HostSettings } from "./host-settings.ts";
import { offerAgain } from "./offer-again.ts";
import { Reach } from "./reach.ts";
import { Responders } from "./responder/responders.ts";

const VERSION = "0.1.0";

export interface HostOptions {
  readonly paths: HomePaths;
  /** Held by this process; released by `close`, and when the start fails. */
  readonly lock: OwnerLock;
  readonly kind: HostKind;
  readonly keychain: Keychain | null;
  /** What opens vaults under a passphrase; null or absent: they stay locked until unlocked. */
  readonly passphrase?: () => string | null;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Another relay than the embedded one (TINYPLACE_API_URL). */
  readonly relayUrl?: string;
  /** How this program is started again: responders' children are given it as their bridge. */
  readonly program?: Program;
  readonly processes?: ProcessRunner;
  /** Of this process by default: what TINYPLACE_AUTORESPOND says, and where Claude Code is. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface HostEvents {
  /** A snapshot would differ. */
  changed: [];
  /** An agent that did not open before is open. */
  opened: [];
  /** For what windows show: agent, labels, and whether the holds changed. */
  mail: [string, readonly string[], boolean];
  /** Somebody who is not of this data folder used the embedded relay. */
  relayUsed: [];
  /** The desktop application wants the data folder: whoever runs this host closes it (rule L4). */
  handover: [];
  /** A second start of the application asks this one to show itself, or what its link names. */
  show: [string | null];
}

/** The owner of one data folder (rule L1): lock, embedded relay, and every agent in it. */
export class Host extends EventEmitter<HostEvents> implements SessionHost {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly description: SessionHost["description"];
  readonly assignments: Assignments;
  readonly settings: HostSettings;
  /** Where hooks report, and what tells sessions of their mail. */
  readonly hooks: HookDesk;
  /** What answers mail that nobody reads. */
  readonly responders: Responders;
  /** Which ways into a session work. */
  readonly reach: Reach;
  readonly agents: AgentRoster;
  private readonly options: HostOptions;
  private readonly incidents: Incident[] = [];
  private readonly startedAt: string;
  /** Calls of clients that are not answered yet. */
  private unanswered = 0;
  private readonly relay: HostRelay;
  private readonly ratchetThread: RatchetThread;
  /** Agents begin when it has started. */
  private relayStarts: Promise<void> = Promise.resolve();
  private revision = 1;
  private closing: Promise<void> | null = null;

  private constructor(options: HostOptions) {
    super();
    // Every connection listens.
    this.setMaxListeners(0);
    this.options = options;
    this.assignments = new Assignments(options.paths.assignments);
    this.settings = new HostSettings(options.paths.settings);
    this.clock = options.clock ?? systemClock;
    this.timers = options.timers ?? systemTimers;
    this.relay = new HostRelay({
      paths: options.paths,
      epoch: options.lock.epoch,
      clock: this.clock,
      timers: this.timers,
      settings: this.settings,
      forced: options.relayUrl || null,
      agents: () => this.agents.list(),
      usedBy: (agent) => {
        if (!this.agents.isOpen(agent)) this.emit("relayUsed");
      },
      incident: (one) => {
        this.incidents.push(one);
        this.changed();
      },
    });
    this.ratchetThread = new RatchetThread(this.timers);
    this.agents = new AgentRoster({
      vaults: new AgentVaults({
        folder: options.paths.agents,
        keychain: options.keychain,
        passphrase: options.passphrase ?? (() => null),
        epoch: options.lock.epoch,
        clock: this.clock,
      }),
      timers: this.timers,
      agentOf: (opened) => this.agentOf(opened),
      ready: () =>
        this.relayStarts.then(
          () => true,
          () => false,
        ),
      opened: () => {
        this.emit("opened");
        this.changed();
      },
      removed: (cryptoId) => this.assignments.forget(cryptoId),
      changed: () => this.changed(),
    });
    this.hooks = new HookDesk({
      clock: this.clock,
      timers: this.timers,
      nameOf: (cryptoId) => this.agents.nameOf(cryptoId),
    });
    this.reach = new Reach({
      clock: this.clock,
      timers: this.timers,
      hooks: this.hooks,
      agents: () => this.agents.list(),
    });
    this.responders = new Responders({
      clock: this.clock,
      timers: this.timers,
      runner: options.processes ?? systemProcesses(this.timers),
      env: options.env ?? process.env,
      home: options.paths.home,
      program: options.program ?? null,
      nameOf: (cryptoId) => this.agents.nameOf(cryptoId),
    });
    this.startedAt = new Date(this.clock.now()).toISOString();
    this.description = { pid: process.pid, kind: options.kind, version: VERSION };
  }

  static async start(options: HostOptions): Promise<Host> {
    try {
      return await Host.take(options);
    } catch (error) {
      throw asStorageError(error);
    }
  }

  private static async take(options: HostOptions): Promise<Host> {
    const { paths } = options;
    const host = new Host(options);
    try {
      // First of all: should what follows hang, this says who.
      writePrivateFile(paths.ownerNote, JSON.stringify(host.description));
      const agents = host.agents.vaults.list();
      host.relayStarts = host.relay.start();
      const opened = host.agents.openAll(agents);
      await Promise.allSettled([host.relayStarts, opened]);
      await host.relayStarts;
      await opened;
      return host;
    } catch (error) {
      await host.close();
      throw asStorageError(error);
    }
  }

  connect(peer: ClientPeer): ClientConnection {
    return new ClientSession(this, peer);
  }

  snapshot(): HostSnapshot {
    const { paths, kind } = this.options;
    return {
      revision: this.revision,
      host: {
        kind,
        pid: process.pid,
        version: VERSION,
        home: paths.home,
        socket: paths.socket,
        relay: this.relay.address,
        startedAt: this.startedAt,
      },
      ...this.agents.summaries(),
      responders: this.responders.summaries(),
      incidents: this.incidents,
    };
  }

  get paths(): HomePaths {
    return this.options.paths;
  }

  get embeddedRelay(): boolean {
    return this.relay.isEmbedded;
  }

  get relayAddress(): string {
    return this.relay.address;
  }

  get relayChoice(): RelayChoice {
    return this.relay.choice;
  }

  /** All agents go to another relay; null is the embedded one. What it throws has changed nothing. */
  async chooseRelay(url: string | null): Promise<void> {
    await this.relay.use(url);
    this.changed();
  }

  /** Whether programs that know the network's own cipher alone find keys of our agents (rule E3). */
  publishForAll(publishesForAll: boolean): void {
    this.settings.change({ publishesForAll });
    if (publishesForAll) for (const agent of this.agents.list()) void agent.publishKeys();
    this.changed();
  }

  /**
   * Work that ends with this process: a live session, a call, mail for the relay, others at the relay,
   * an agent that answers by itself.
   */
  get isNeeded(): boolean {
    if (this.unanswered > 0 || this.responders.isAnyOn) return true;
    if (this.agents.list().some((agent) => agent.sessions.labels().length > 0)) return true;
    if (this.relay.listeners().some((agent) => !this.agents.isOpen(agent))) return true;
    return this.snapshot().agents.some((agent) => agent.queued > 0);
  }

  /** Until this settles the host is needed, though no session may be live. */
  async busyWhile<T>(work: Promise<T>): Promise<T> {
    this.unanswered++;
    try {
      return await work;
    } finally {
      this.unanswered--;
    }
  }

  /** True when this host will close for the desktop application that asks (rule L4). */
  handOver(show: boolean, link: string | null): boolean {
    if (this.options.kind === "desktop") {
      if (show) this.emit("show", link);
      return false;
    }
    // After the answer is on its way.
    setImmediate(() => this.emit("handover"));
    return true;
  }

  /** Drains, closes and releases the lock. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    this.agents.stopOpening();
    try {
      await this.responders.close();
      await this.agents.close();
      await Promise.all([this.relay.close(), this.ratchetThread.close()]);
    } finally {
      this.options.lock.release();
    }
  }

  private agentOf({ identity, vault, keys }: OpenedVault): Agent {
    const { clock, timers } = this;
    const relay = this.relay.transportOf(identity);
    const publishesForAll = () => this.settings.publishesForAll;
    const unroutedPolicy = readPolicy(process.env.TINYPLACE_UNROUTED_POLICY);
    const { ratchetThread } = this;
    const parts = { identity, vault, keys, relay, ratchetThread, clock, timers };
    const agent = new Agent({ ...parts, unroutedPolicy, publishesForAll });
    this.hooks.serve(agent);
    this.responders.serve(agent);
    agent.on("changed", () => this.changed());
    agent.on("online", () => this.befriend(agent));
    agent.on("mail", (labels, holds) => this.emit("mail", identity.cryptoId, labels, holds));
    if (this.incidents.some((one) => one.kind === "relay_replaced")) {
      void offerAgain(vault, clock.now()).catch(() => undefined);
    }
    return agent;
  }

  /**
   * The person's own agents are contacts of each other (rule C1): whoever comes online asks the
   * others, and the relay accepts what both sides asked for.
   */
  private befriend(agent: Agent): void {
    if (!this.settings.ownContacts) return;
    for (const other of this.agents.list()) {
      if (other === agent) continue;
      const [own, others] = [agent.identity.cryptoId, other.identity.cryptoId];
      // What a person removed stays removed.
      if (agent.contacts.isRemoved(others) || other.contacts.isRemoved(own)) continue;
      agent.relay.requestContact(others).catch(() => undefined);
      other.relay.requestContact(own).catch(() => undefined);
    }
  }

  /** Turned off, those who are contacts already stay so. */
  setOwnContacts(on: boolean): void {
    this.settings.change({ ownContacts: on });
    for (const agent of this.agents.list()) this.befriend(agent);
  }

  changed(): void {
    this.revision++;
    this.emit("changed");
  }
}
