import { EventEmitter } from "node:events";
import { errorView, TinyplaceError } from "../../shared/errors/errors.ts";
import type { RelayChoice } from "../../shared/model/relay-choice.ts";
import type {
  AgentSummary,
  HostKind,
  HostSnapshot,
  Incident,
  UnopenedAgent,
} from "../../shared/model/snapshot.ts";
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
import { AgentVaults, type OpenedVault, type VaultMaker } from "./agent-vaults.ts";
import { Assignments } from "./assignments.ts";
import { ClientSession } from "./client-session.ts";
import { readPolicy } from "./decisions.ts";
import { HookDesk } from "./hooks/hook-desk.ts";
import { HostRelay } from "./host-relay.ts";
import { HostSettings } from "./host-settings.ts";
import type { Identity } from "./identity.ts";
import { offerAgain } from "./offer-again.ts";
import { PeerQueue } from "./peer-queue.ts";
import { Reach } from "./reach.ts";
import { Responders } from "./responder/responders.ts";

const VERSION = "0.1.0";
/** What keeps a vault shut may pass: a keychain is unlocked, a disk has room again. In ms. */
const RETRY_MS = 30_000;
const DISK_TROUBLE = new Set(["disk_full", "disk_error", "disk_readonly"]);
const WALLET_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

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
  private readonly options: HostOptions;
  readonly vaults: AgentVaults;
  private readonly all = new Map<string, Agent>();
  private readonly unopened = new Map<string, UnopenedAgent>();
  private readonly incidents: Incident[] = [];
  /** One at a time for each agent: it is never open twice. */
  private readonly opening = new PeerQueue();
  private readonly startedAt: string;
  /** Clients that wait for something which a session need not be live for. */
  private waits = 0;
  private readonly relay: HostRelay;
  private readonly ratchetThread: RatchetThread;
  /** Agents begin when it has started. */
  private relayStarts: Promise<void> = Promise.resolve();
  private revision = 1;
  private cancelRetry: (() => void) | null = null;
  private closing: Promise<void> | null = null;

  private constructor(options: HostOptions) {
    super();
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
      agents: () => this.agents(),
      usedBy: (agent) => {
        if (!this.all.has(agent)) this.emit("relayUsed");
      },
      incident: (one) => {
        this.incidents.push(one);
        this.changed();
      },
    });
    this.ratchetThread = new RatchetThread(this.timers);
    this.vaults = new AgentVaults({
      folder: options.paths.agents,
      keychain: options.keychain,
      passphrase: options.passphrase ?? (() => null),
      epoch: options.lock.epoch,
      clock: this.clock,
    });
    this.hooks = new HookDesk({
      clock: this.clock,
      timers: this.timers,
      nameOf: (cryptoId) => this.nameOf(cryptoId),
    });
    this.reach = new Reach({
      clock: this.clock,
      timers: this.timers,
      hooks: this.hooks,
      agents: () => this.agents(),
    });
    this.responders = new Responders({
      clock: this.clock,
      timers: this.timers,
      runner: options.processes ?? systemProcesses(this.timers),
      env: options.env ?? process.env,
      home: options.paths.home,
      program: options.program ?? null,
      nameOf: (cryptoId) => this.nameOf(cryptoId),
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
      const agents = host.vaults.list();
      host.relayStarts = host.relay.start();
      const opened = host.openAgents(agents);
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

  agents(): Agent[] {
    return [...this.all.values()].sort((a, b) =>
      a.identity.name < b.identity.name ? -1 : a.identity.name > b.identity.name ? 1 : 0,
    );
  }

  /** Throws `wallet_unknown`; for an agent whose vault does not open, the reason. */
  agentNamed(name: string): Agent {
    return this.agent(this.cryptoIdOf(name));
  }

  /** The agent of this name, open or not. Throws `wallet_unknown`. */
  cryptoIdOf(name: string): string {
    const known = [
      ...this.agents().map((one) => one.identity),
      ...[...this.unopened.values()].map((one) => ({ ...one, name: one.name ?? one.cryptoId })),
    ];
    const found = known.find((one) => one.name === name || one.cryptoId === name);
    if (found) return found.cryptoId;
    throw new TinyplaceError(
      "wallet_unknown",
      `There is no wallet named "${name.slice(0, 64)}".`,
      known.length > 0
        ? `Use one of: ${known.map((one) => one.name).join(", ")}; or create it with wallet_create.`
        : "Create it with wallet_create.",
    );
  }

  /** Throws `wallet_unknown`; for an agent whose vault does not open, the reason. */
  agent(cryptoId: string): Agent {
    const agent = this.all.get(cryptoId);
    if (agent) return agent;
    const shut = this.unopened.get(cryptoId);
    if (shut) throw new TinyplaceError(shut.code, shut.reason, shut.next);
    throw new TinyplaceError(
      "wallet_unknown",
      "There is no such agent here.",
      "Choose one from the list.",
    );
  }

  isOpen(cryptoId: string): boolean {
    return this.all.has(cryptoId);
  }

  nameOf(cryptoId: string): string | null {
    return this.all.get(cryptoId)?.identity.name ?? null;
  }

  /** A new agent with its own vault; contact of the person's other agents from the start (C1). */
  async createAgent(name: string): Promise<Agent> {
    if (!WALLET_NAME.test(name)) {
      throw new TinyplaceError(
        "bad_request",
        `"${name.slice(0, 64)}" cannot be a wallet's name.`,
        "Use letters, digits, spaces, `.`, `_` or `-`, beginning with a letter or digit, at most 64.",
      );
    }
    const shut = [...this.unopened.values()];
    if ([...this.agents().map((one) => one.identity), ...shut].some((one) => one.name === name)) {
      throw new TinyplaceError(
        "wallet_exists",
        `There is already a wallet named "${name}".`,
        "Choose another name, or `use` the one that exists.",
      );
    }
    const created = this.addAgent(await this.vaults.create(name));
    this.changed();
    return created;
  }

  /** Whether this agent is here, open or not. */
  knows(cryptoId: string): boolean {
    return this.all.has(cryptoId) || this.unopened.has(cryptoId);
  }

  /** A name that no agent here has, and none of `others`: the one wanted, or one made of it. */
  freeName(wanted: string, others: readonly string[] = []): string {
    const shut = [...this.unopened.values()].map((one) => one.name);
    const taken = new Set([...this.agents().map((one) => one.identity.name), ...shut, ...others]);
    const plain = wanted.replace(/[^\p{L}\p{N} ._-]/gu, "-").replace(/^[^\p{L}\p{N}]+/u, "");
    const base = [...plain].slice(0, 58).join("").trimEnd() || "agent";
    for (let number = 1; ; number++) {
      const name = number === 1 ? base : `${base}-${number}`;
      if (!taken.has(name)) return name;
    }
  }

  /** An agent from elsewhere, under a name that is free here. */
  adoptAgent<T>(identity: Identity, maker: VaultMaker<T>): Promise<{ agent: Agent; made: T }> {
    return this.opening.run(identity.cryptoId, async () => {
      if (this.knows(identity.cryptoId)) throw isHere(identity.name);
      const { opened, made } = await this.vaults.make(identity, maker);
      if (this.closing) {
        // The next owner finds it.
        opened.vault.close();
        throw endsNow();
      }
      const agent = this.addAgent(opened);
      this.changed();
      return { agent, made };
    });
  }

  /** Ends the agent's sessions and removes everything of it from this data folder. */
  removeAgent(cryptoId: string): Promise<void> {
    return this.opening.run(cryptoId, async () => {
      const agent = this.all.get(cryptoId);
      this.all.delete(cryptoId);
      agent?.sessions.endAll("this agent was deleted");
      await agent?.close();
      this.vaults.remove(cryptoId);
      this.unopened.delete(cryptoId);
      this.assignments.forget(cryptoId);
      this.changed();
    });
  }

  snapshot(): HostSnapshot {
    const { paths, kind } = this.options;
    const agents: AgentSummary[] = [];
    const unopened = [...this.unopened.values()];
    for (const agent of this.agents()) {
      try {
        agents.push(agent.summary());
      } catch (error) {
        // Damage met while it was read: the others are shown all the same.
        unopened.push(this.unopenedView(agent.identity.cryptoId, agent.identity.name, error));
      }
    }
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
      agents,
      unopened,
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
    if (publishesForAll) for (const agent of this.agents()) void agent.publishKeys();
    this.changed();
  }

  /**
   * Work that ends with this process: a live session, a wait, mail for the relay, others at the relay,
   * an agent that answers by itself.
   */
  get isNeeded(): boolean {
    if (this.waits > 0 || this.responders.isAnyOn) return true;
    if (this.agents().some((agent) => agent.sessions.labels().length > 0)) return true;
    if (this.relay.listeners().some((agent) => !this.all.has(agent))) return true;
    return this.snapshot().agents.some((agent) => agent.queued > 0);
  }

  /** Until this settles the host is needed, though no session may be live. */
  async busyWhile<T>(work: Promise<T>): Promise<T> {
    this.waits++;
    try {
      return await work;
    } finally {
      this.waits--;
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
    this.cancelRetry?.();
    try {
      await this.responders.close();
      await Promise.allSettled(this.agents().map((agent) => agent.close()));
      await Promise.all([this.relay.close(), this.ratchetThread.close()]);
    } finally {
      this.options.lock.release();
    }
  }

  /** @param passphrase where the vault is under one and none was given at the start. */
  openAgent(cryptoId: string, passphrase: string | null): Promise<void> {
    return this.opening.run(cryptoId, async () => {
      if (this.all.has(cryptoId) || this.closing) return;
      const opened = await this.vaults.open(cryptoId, passphrase);
      const relayStarted = await this.relayStarts.then(
        () => true,
        () => false,
      );
      if (this.closing || !relayStarted) return opened.vault.close();
      this.unopened.delete(cryptoId);
      this.addAgent(opened);
    });
  }

  /** Ends the agent's sessions and closes its vault; only its passphrase opens it again. */
  lockAgent(cryptoId: string): Promise<void> {
    return this.opening.run(cryptoId, async () => {
      const agent = this.all.get(cryptoId);
      if (!agent) return;
      this.all.delete(cryptoId);
      this.setUnopened(cryptoId, this.vaults.keys(cryptoId).locked());
      agent.sessions.endAll("the vault of this agent was locked");
      await agent.close();
    });
  }

  /** One that does not open is listed with its reason, and keeps no other from working. */
  private async openAgents(cryptoIds: readonly string[]): Promise<void> {
    for (const id of cryptoIds) {
      try {
        await this.openAgent(id, null);
      } catch (error) {
        if (error instanceof TinyplaceError && error.code === "host_running") throw error;
        this.setUnopened(id, error);
      }
    }
    const again = [...this.unopened.values()].filter((one) => this.mayPass(one));
    if (again.length === 0 || this.closing) return;
    this.cancelRetry = this.timers.after(RETRY_MS, () => {
      this.openAgents(again.map((one) => one.cryptoId)).catch(() => undefined);
    });
  }

  private setUnopened(cryptoId: string, error: unknown): void {
    const name = this.vaults.nameOf(cryptoId);
    this.unopened.set(cryptoId, this.unopenedView(cryptoId, name, error));
    this.changed();
  }

  private mayPass({ cryptoId, code }: UnopenedAgent): boolean {
    if (code !== "vault_locked") return DISK_TROUBLE.has(code);
    return this.vaults.storeOf(cryptoId) === "keychain";
  }

  private addAgent({ identity, vault, keys }: OpenedVault): Agent {
    const { clock, timers } = this;
    const relay = this.relay.transportOf(identity);
    const publishesForAll = () => this.settings.publishesForAll;
    const unroutedPolicy = readPolicy(process.env.TINYPLACE_UNROUTED_POLICY);
    const { ratchetThread } = this;
    const parts = { identity, vault, keys, relay, ratchetThread, clock, timers };
    const agent = new Agent({ ...parts, unroutedPolicy, publishesForAll });
    this.all.set(identity.cryptoId, agent);
    this.hooks.serve(agent);
    this.responders.serve(agent);
    agent.on("changed", () => this.changed());
    agent.on("online", () => this.befriend(agent));
    agent.on("mail", (labels, holds) => this.emit("mail", identity.cryptoId, labels, holds));
    if (this.incidents.some((one) => one.kind === "relay_replaced")) {
      void offerAgain(vault, clock.now()).catch(() => undefined);
    }
    agent.start();
    return agent;
  }

  /**
   * The person's own agents are contacts of each other (rule C1): whoever comes online asks the
   * others, and the relay accepts what both sides asked for.
   */
  private befriend(agent: Agent): void {
    if (!this.settings.ownContacts) return;
    for (const other of this.all.values()) {
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
    for (const agent of this.all.values()) this.befriend(agent);
  }

  changed(): void {
    this.revision++;
    this.emit("changed");
  }

  private unopenedView(cryptoId: string, name: string | null, error: unknown): UnopenedAgent {
    const { code, error: reason, next } = errorView(error);
    const underPassphrase = this.vaults.storeOf(cryptoId) === "passphrase";
    return { cryptoId, name, code, reason, next, underPassphrase };
  }
}

function isHere(name: string): TinyplaceError {
  return new TinyplaceError(
    "wallet_exists",
    `This agent is here already, as ${name}.`,
    "Nothing was changed.",
  );
}

function endsNow(): TinyplaceError {
  return new TinyplaceError(
    "host_absent",
    "tinyplace ended while this was done.",
    "Start it again; what is complete is there then.",
  );
}
