import { errorView, TinyplaceError } from "../../shared/errors/errors.ts";
import type { AgentSummary, UnopenedAgent } from "../../shared/model/snapshot.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Agent } from "./agent.ts";
import type { AgentVaults, OpenedVault, VaultMaker } from "./agent-vaults.ts";
import type { Identity } from "./identity.ts";
import { PeerQueue } from "./peer-queue.ts";

/** What keeps a vault shut may pass: a keychain is unlocked, a disk has room again. In ms. */
const RETRY_MS = 30_000;
const DISK_TROUBLE = new Set(["disk_full", "disk_error", "disk_readonly"]);
const WALLET_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

interface RosterParts {
  readonly vaults: AgentVaults;
  readonly timers: Timers;
  /** An opened vault's agent, known to whatever serves it, not yet started. */
  readonly agentOf: (opened: OpenedVault) => Agent;
  /** Resolves when agents can begin; false where they never will. */
  readonly ready: () => Promise<boolean>;
  /** One that was listed as not open is. */
  readonly opened: () => void;
  /** An agent was removed for good. */
  readonly removed: (cryptoId: string) => void;
  readonly changed: () => void;
}

/** The agents of one data folder: those that are open, and why the others are not. */
export class AgentRoster {
  readonly vaults: AgentVaults;
  private readonly parts: RosterParts;
  private readonly opened = new Map<string, Agent>();
  private readonly unopened = new Map<string, UnopenedAgent>();
  /** One at a time for each agent: it is never open twice. */
  private readonly changes = new PeerQueue();
  private cancelRetry: (() => void) | null = null;
  private closing = false;

  constructor(parts: RosterParts) {
    this.parts = parts;
    this.vaults = parts.vaults;
  }

  /** Those that are open, by name. */
  list(): Agent[] {
    return [...this.opened.values()].sort((a, b) =>
      a.identity.name < b.identity.name ? -1 : a.identity.name > b.identity.name ? 1 : 0,
    );
  }

  /** Throws `wallet_unknown`; for an agent whose vault does not open, the reason. */
  named(name: string): Agent {
    return this.get(this.cryptoIdOf(name));
  }

  /** The agent of this name, open or not. Throws `wallet_unknown`. */
  cryptoIdOf(name: string): string {
    const known = [
      ...this.list().map((one) => one.identity),
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
  get(cryptoId: string): Agent {
    const agent = this.opened.get(cryptoId);
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
    return this.opened.has(cryptoId);
  }

  /** Whether this agent is here, open or not. */
  knows(cryptoId: string): boolean {
    return this.opened.has(cryptoId) || this.unopened.has(cryptoId);
  }

  /** Null for one that is not open. */
  nameOf(cryptoId: string): string | null {
    return this.opened.get(cryptoId)?.identity.name ?? null;
  }

  /** A name that no agent here has, and none of `others`: the one wanted, or one made of it. */
  freeName(wanted: string, others: readonly string[] = []): string {
    const taken = new Set([...this.names(), ...others]);
    const plain = wanted.replace(/[^\p{L}\p{N} ._-]/gu, "-").replace(/^[^\p{L}\p{N}]+/u, "");
    const base = [...plain].slice(0, 58).join("").trimEnd() || "agent";
    for (let number = 1; ; number++) {
      const name = number === 1 ? base : `${base}-${number}`;
      if (!taken.has(name)) return name;
    }
  }

  /** What is told of each: one whose vault was found damaged while it was read is among the unopened. */
  summaries(): { agents: AgentSummary[]; unopened: UnopenedAgent[] } {
    const agents: AgentSummary[] = [];
    const unopened = [...this.unopened.values()];
    for (const agent of this.list()) {
      try {
        agents.push(agent.summary());
      } catch (error) {
        unopened.push(this.unopenedView(agent.identity.cryptoId, agent.identity.name, error));
      }
    }
    return { agents, unopened };
  }

  /** A new agent with its own vault. Throws `bad_request` and `wallet_exists`. */
  create(name: string): Promise<Agent> {
    // By name: two calls at once must not both find it free. No cryptoId has a space.
    return this.changes.run(`name ${name}`, () => this.createNow(name));
  }

  /** An agent from elsewhere, under a name that is free here. */
  adopt<T>(identity: Identity, maker: VaultMaker<T>): Promise<{ agent: Agent; made: T }> {
    return this.changes.run(identity.cryptoId, async () => {
      if (this.knows(identity.cryptoId)) throw isHere(identity.name);
      const { opened, made } = await this.vaults.make(identity, maker);
      return { agent: this.begin(opened), made };
    });
  }

  /** Ends the agent's sessions and removes everything of it from this data folder. */
  remove(cryptoId: string): Promise<void> {
    return this.changes.run(cryptoId, async () => {
      const agent = this.opened.get(cryptoId);
      this.opened.delete(cryptoId);
      agent?.sessions.endAll("this agent was deleted");
      await agent?.close();
      this.vaults.remove(cryptoId);
      this.unopened.delete(cryptoId);
      this.parts.removed(cryptoId);
      this.parts.changed();
    });
  }

  /** @param passphrase where the vault is under one and none was given at the start. */
  open(cryptoId: string, passphrase: string | null): Promise<void> {
    return this.changes.run(cryptoId, async () => {
      if (this.opened.has(cryptoId) || this.closing) return;
      const opened = await this.vaults.open(cryptoId, passphrase);
      const ready = await this.parts.ready();
      if (this.closing || !ready) return opened.vault.close();
      this.add(opened);
      if (this.unopened.delete(cryptoId)) this.parts.opened();
    });
  }

  /** Ends the agent's sessions and closes its vault; only its passphrase opens it again. */
  lock(cryptoId: string): Promise<void> {
    return this.changes.run(cryptoId, async () => {
      const agent = this.opened.get(cryptoId);
      if (!agent) return;
      this.opened.delete(cryptoId);
      this.setUnopened(cryptoId, this.vaults.keys(cryptoId).locked());
      agent.sessions.endAll("the vault of this agent was locked");
      await agent.close();
    });
  }

  /**
   * One that does not open is listed with its reason, keeps no other from working, and is tried again
   * where that may pass. Throws `host_running` alone.
   */
  async openAll(cryptoIds: readonly string[]): Promise<void> {
    for (const id of cryptoIds) {
      try {
        await this.open(id, null);
      } catch (error) {
        if (error instanceof TinyplaceError && error.code === "host_running") throw error;
        this.setUnopened(id, error);
      }
    }
    const again = [...this.unopened.values()].filter((one) => this.mayPass(one));
    if (again.length === 0 || this.closing) return;
    this.cancelRetry = this.parts.timers.after(RETRY_MS, () => {
      this.openAll(again.map((one) => one.cryptoId)).catch(() => undefined);
    });
  }

  /** From here on none is opened, tried again or adopted. */
  stopOpening(): void {
    this.closing = true;
    this.cancelRetry?.();
  }

  /** Closes those that are open. */
  async close(): Promise<void> {
    this.stopOpening();
    await Promise.allSettled(this.list().map((agent) => agent.close()));
  }

  private async createNow(name: string): Promise<Agent> {
    if (!WALLET_NAME.test(name)) {
      throw new TinyplaceError(
        "bad_request",
        `"${name.slice(0, 64)}" cannot be a wallet's name.`,
        "Use letters, digits, spaces, `.`, `_` or `-`, beginning with a letter or digit, at most 64.",
      );
    }
    if (this.names().includes(name)) {
      throw new TinyplaceError(
        "wallet_exists",
        `There is already a wallet named "${name}".`,
        "Choose another name, or `use` the one that exists.",
      );
    }
    return this.begin(await this.vaults.create(name));
  }

  /** One that was just made. */
  private begin(opened: OpenedVault): Agent {
    if (this.closing) {
      // The next owner finds it.
      opened.vault.close();
      throw endsNow();
    }
    const agent = this.add(opened);
    this.parts.changed();
    return agent;
  }

  private add(opened: OpenedVault): Agent {
    const agent = this.parts.agentOf(opened);
    this.opened.set(agent.identity.cryptoId, agent);
    agent.start();
    return agent;
  }

  private names(): (string | null)[] {
    const shut = [...this.unopened.values()].map((one) => one.name);
    return [...this.list().map((one) => one.identity.name), ...shut];
  }

  private setUnopened(cryptoId: string, error: unknown): void {
    const name = this.vaults.nameOf(cryptoId);
    this.unopened.set(cryptoId, this.unopenedView(cryptoId, name, error));
    this.parts.changed();
  }

  private mayPass({ cryptoId, code }: UnopenedAgent): boolean {
    if (code !== "vault_locked") return DISK_TROUBLE.has(code);
    return this.vaults.storeOf(cryptoId) === "keychain";
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
