import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { Clock } from "../platform/clock.ts";
import { privateFolder } from "../platform/paths.ts";
import { syncFolder } from "../platform/private-file.ts";
import { KeySlots, type KeyStore } from "../vault/key-slots.ts";
import type { Keychain } from "../vault/keychain.ts";
import { Vault } from "../vault/vault.ts";
import { drawIdentity, type Identity, identityOf } from "./identity.ts";

interface VaultsOptions {
  /** One folder per agent lies in it, named by the agent's cryptoId. */
  readonly folder: string;
  readonly keychain: Keychain | null;
  /** What opens a vault under a passphrase at the start (TINYPLACE_PASSPHRASE_FILE); may throw. */
  readonly passphrase: () => string | null;
  readonly epoch: number;
  readonly clock: Clock;
}

export interface OpenedVault {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly keys: KeySlots;
}

/** Agents under construction; what a crash leaves here was never announced to anybody. */
const NEW = ".new";

/** The vaults of one data folder: made, listed, opened. */
export class AgentVaults {
  private readonly options: VaultsOptions;
  private readonly slots = new Map<string, KeySlots>();

  constructor(options: VaultsOptions) {
    this.options = options;
  }

  /** The cryptoIds of all agents, whether their vaults open or not. For the start of the owner. */
  list(): string[] {
    const { folder } = this.options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(join(folder, NEW), { recursive: true, force: true });
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => entry.name);
  }

  /** A new agent, complete at its place or not there at all. */
  create(name: string): Promise<OpenedVault> {
    const { folder, keychain, clock, epoch } = this.options;
    const identity = drawIdentity(name);
    const work = join(folder, NEW, identity.cryptoId);
    privateFolder(work);
    const { key } = KeySlots.create(work, name, keychain);
    Vault.create(work, key, { ...identity, createdAt: clock.now(), epoch }).close();
    renameSync(work, join(folder, identity.cryptoId));
    syncFolder(folder);
    return this.open(identity.cryptoId, null);
  }

  /**
   * Throws `vault_locked` where only a passphrase opens it and none, or the wrong one, is at hand;
   * `passphrase_wrong` for the one given; `vault_damaged`.
   */
  async open(cryptoId: string, passphrase: string | null): Promise<OpenedVault> {
    const keys = this.keys(cryptoId);
    const folder = join(this.options.folder, cryptoId);
    const given = passphrase ?? (keys.store === "passphrase" ? this.options.passphrase() : null);
    const key = given === null ? keys.open() : await keys.unlock(given);
    const vault = Vault.open(folder, key, this.options.epoch, this.options.clock.now());
    const row = vault
      .sql("SELECT name, seed, registration_id AS registrationId FROM agent")
      .get<{ name: string; seed: Uint8Array; registrationId: number }>();
    if (!row) throw new Error(`the vault in ${folder} names no agent`);
    const identity = identityOf({ ...row, seed: new Uint8Array(row.seed) });
    if (identity.cryptoId !== cryptoId) {
      vault.close();
      throw anotherVault(folder, identity);
    }
    keys.rename(row.name);
    return { identity, vault, keys };
  }

  /** Throws `vault_locked` when the key file cannot be read. */
  keys(cryptoId: string): KeySlots {
    let slots = this.slots.get(cryptoId);
    if (!slots) {
      slots = KeySlots.read(join(this.options.folder, cryptoId), this.options.keychain);
      this.slots.set(cryptoId, slots);
    }
    return slots;
  }

  /** The name in the key file, if that can be read: of a vault that does not open, all there is. */
  nameOf(cryptoId: string): string | null {
    return this.readable(cryptoId)?.name ?? null;
  }

  storeOf(cryptoId: string): KeyStore | null {
    return this.readable(cryptoId)?.store ?? null;
  }

  private readable(cryptoId: string): KeySlots | null {
    try {
      return this.keys(cryptoId);
    } catch {
      return null;
    }
  }
}

function anotherVault(folder: string, agent: Identity): TinyplaceError {
  return new TinyplaceError(
    "vault_damaged",
    `The folder ${folder} holds the vault of another agent, ${agent.name} (${agent.cryptoId}).`,
    "Give the folder that agent's cryptoId as its name, and put the right one back from a backup.",
  );
}
