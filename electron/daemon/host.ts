import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { HostKind, HostSnapshot } from "../../shared/model/snapshot.ts";
import type { ClientConnection, ClientPeer, SessionHost } from "../bridge/session-host.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { installationOf } from "../platform/installation.ts";
import { type HomePaths, privateFolder } from "../platform/paths.ts";
import { writePrivateFile } from "../platform/private-file.ts";
import { systemTimers, type Timers } from "../platform/timers.ts";
import { HttpRelayTransport } from "../relay/client/http-transport.ts";
import { type RelayServer, startRelay } from "../relay/server/server.ts";
import { createSigner } from "../relay/signing.ts";
import { SqliteRelayStore } from "../relay/store/sqlite-store.ts";
import { createVaultKey, type Keychain, readVaultKey } from "../vault/keychain.ts";
import type { OwnerLock } from "../vault/owner-lock.ts";
import { Vault } from "../vault/vault.ts";
import { Agent } from "./agent.ts";
import { Assignments } from "./assignments.ts";
import { ClientSession } from "./client-session.ts";
import { readPolicy } from "./decisions.ts";
import { drawIdentity, type Identity, identityOf } from "./identity.ts";

const VERSION = "0.1.0";
const WALLET_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

export interface HostOptions {
  readonly paths: HomePaths;
  /** Held by this process; released by `close`, and when the start fails. */
  readonly lock: OwnerLock;
  readonly kind: HostKind;
  readonly keychain: Keychain | null;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Another relay than the embedded one (TINYPLACE_API_URL). */
  readonly relayUrl?: string;
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
  /** A second start of the application asks this one to show itself. */
  show: [];
}

/** The owner of one data folder (rule L1): lock, embedded relay, and every agent in it. */
export class Host extends EventEmitter<HostEvents> implements SessionHost {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly description: SessionHost["description"];
  readonly assignments: Assignments;
  private readonly options: HostOptions;
  private readonly all = new Map<string, Agent>();
  private readonly startedAt: string;
  private relay: RelayServer | null = null;
  private store: SqliteRelayStore | null = null;
  private relayUrl = "";
  private revision = 1;
  private closing: Promise<void> | null = null;

  private constructor(options: HostOptions) {
    super();
    this.options = options;
    this.assignments = new Assignments(options.paths.assignments);
    this.clock = options.clock ?? systemClock;
    this.timers = options.timers ?? systemTimers;
    this.startedAt = new Date(this.clock.now()).toISOString();
    this.description = { pid: process.pid, kind: options.kind, version: VERSION };
  }

  static async start(options: HostOptions): Promise<Host> {
    const { paths } = options;
    const host = new Host(options);
    try {
      // First of all: should what follows hang, this says who.
      writePrivateFile(paths.ownerNote, JSON.stringify(host.description));
      await host.startRelay();
      for (const folder of agentFolders(paths)) host.openAgent(folder);
      return host;
    } catch (error) {
      await host.close();
      throw error;
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

  /** Throws `wallet_unknown`. */
  agentNamed(name: string): Agent {
    const agent = this.agents().find((one) => one.identity.name === name);
    if (agent) return agent;
    const names = this.agents().map((one) => one.identity.name);
    throw new TinyplaceError(
      "wallet_unknown",
      `There is no wallet named "${name.slice(0, 64)}".`,
      names.length > 0
        ? `Use one of: ${names.join(", ")}; or create it with wallet_create.`
        : "Create it with wallet_create.",
    );
  }

  agent(cryptoId: string): Agent {
    const agent = this.all.get(cryptoId);
    if (agent) return agent;
    throw new TinyplaceError(
      "wallet_unknown",
      "There is no such agent here.",
      "Choose one from the list.",
    );
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
    if (this.agents().some((one) => one.identity.name === name)) {
      throw new TinyplaceError(
        "wallet_exists",
        `There is already a wallet named "${name}".`,
        "Choose another name, or `use` the one that exists.",
      );
    }
    const identity = drawIdentity(name);
    const folder = join(this.options.paths.agents, identity.cryptoId);
    privateFolder(folder);
    const { key, keptIn } = createVaultKey(folder, identity.cryptoId, this.options.keychain);
    const agent = { ...identity, createdAt: this.clock.now(), epoch: this.options.lock.epoch };
    const created = this.addAgent(identity, Vault.create(folder, key, agent), keptIn);
    this.changed();
    return created;
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
        relay: this.relayUrl,
        startedAt: this.startedAt,
      },
      agents: this.agents().map((agent) => agent.summary()),
    };
  }

  get relayAddress(): string {
    return this.relayUrl;
  }

  /** Work that ends with this process: a live session, mail for the relay, others at the relay. */
  get isNeeded(): boolean {
    if (this.agents().some((agent) => agent.sessions.labels().length > 0)) return true;
    if (this.relay?.listeners().some((agent) => !this.all.has(agent))) return true;
    return this.agents().some((agent) => agent.summary().queued > 0);
  }

  /** True when this host will close for the desktop application that asks (rule L4). */
  handOver(show: boolean): boolean {
    if (this.options.kind === "desktop") {
      if (show) this.emit("show");
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
    try {
      await Promise.allSettled(this.agents().map((agent) => agent.close()));
      await this.relay?.close();
      await this.store?.close();
    } finally {
      this.options.lock.release();
    }
  }

  private async startRelay(): Promise<void> {
    if (this.options.relayUrl) {
      this.relayUrl = this.options.relayUrl;
      return;
    }
    const { relayDatabase, relayPort } = this.options.paths;
    privateFolder(dirname(relayDatabase));
    this.store = new SqliteRelayStore(relayDatabase, { ownerEpoch: this.options.lock.epoch });
    // The same port as last time where it is free, so that other programs' settings stay right.
    const last = existsSync(relayPort) ? Number(readFileSync(relayPort, "utf8")) || 0 : 0;
    const store = this.store;
    const usedBy = (agent: string) => {
      if (!this.all.has(agent)) this.emit("relayUsed");
    };
    const start = (port: number) => startRelay({ store, port, clock: this.clock, usedBy });
    this.relay = await start(last).catch(() => start(0));
    writeFileSync(relayPort, String(this.relay.port), { mode: 0o600 });
    this.relayUrl = this.relay.url;
  }

  private openAgent(folder: string): void {
    const { key, keptIn } = readVaultKey(folder, this.options.keychain);
    const vault = Vault.open(folder, key, this.options.lock.epoch);
    const row = vault
      .sql("SELECT name, seed, registration_id AS registrationId FROM agent")
      .get<{ name: string; seed: Uint8Array; registrationId: number }>();
    if (!row) throw new Error(`the vault in ${folder} names no agent`);
    this.addAgent(identityOf({ ...row, seed: new Uint8Array(row.seed) }), vault, keptIn);
  }

  private addAgent(identity: Identity, vault: Vault, keyStore: "keychain" | "file"): Agent {
    const { clock, timers } = this;
    const installation = installationOf(this.options.paths.installation);
    const signer = createSigner(identity.seed);
    const relay = new HttpRelayTransport(this.relayUrl, signer, clock, { installation });
    const unroutedPolicy = readPolicy(process.env.TINYPLACE_UNROUTED_POLICY);
    const parts = { identity, vault, keyStore, relay, clock, timers, unroutedPolicy };
    const agent = new Agent(parts);
    this.all.set(identity.cryptoId, agent);
    agent.on("changed", () => this.changed());
    agent.on("online", () => this.befriend(agent));
    agent.on("mail", (labels, holds) => this.emit("mail", identity.cryptoId, labels, holds));
    agent.start();
    return agent;
  }

  /**
   * The person's own agents are contacts of each other (rule C1): whoever comes online asks the
   * others, and the relay accepts what both sides asked for.
   */
  private befriend(agent: Agent): void {
    for (const other of this.all.values()) {
      if (other === agent) continue;
      const [own, others] = [agent.identity.cryptoId, other.identity.cryptoId];
      // What a person removed stays removed.
      if (agent.contacts.isRemoved(others) || other.contacts.isRemoved(own)) continue;
      agent.relay.requestContact(others).catch(() => undefined);
      other.relay.requestContact(own).catch(() => undefined);
    }
  }

  private changed(): void {
    this.revision++;
    this.emit("changed");
  }
}

function agentFolders(paths: HomePaths): string[] {
  mkdirSync(paths.agents, { recursive: true, mode: 0o700 });
  return readdirSync(paths.agents)
    .map((name) => join(paths.agents, name))
    .filter((folder) => existsSync(join(folder, "vault.db")));
}
