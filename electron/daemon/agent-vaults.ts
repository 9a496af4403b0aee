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

/** Makes a closed vault in the folder, under the key. */
export type VaultMaker<T> = (folder: string, key: Uint8Array, identity: Identity) => Promise<T>;

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

  async create(name: string): Promise<OpenedVault> {
    return (
      await this.make(
        drawIdentity(name),
        this.fresh(() => Promise.resolve()),
      )
    ).opened;
  }

  /** A new vault, whose `fill` writes what it holds from the start. @param createdAt ms */
  fresh<T>(
    fill: (vault: Vault) => Promise<T>,
    createdAt: number = this.options.clock.now(),
  ): VaultMaker<T> {
    return async (folder, key, identity) => {
      const { epoch } = this.options;
      const vault = Vault.create(folder, key, { ...identity, createdAt, epoch });
      try {
        return await fill(vault);
      } finally {
        vault.close();
      }
    };
  }

  /** The vault of an agent that is not here, complete at its place or not there at all. */
  async make<T>(
    identity: Identity,
    maker: VaultMaker<T>,
  ): Promise<{ opened: OpenedVault; made: T }> {
    const { folder, keychain } = this.options;
    const work = join(folder, NEW, identity.cryptoId);
    rmSync(work, { recursive: true, force: true });
    privateFolder(work);
    const { slots, key } = KeySlots.create(work, identity.name, keychain);
    let made: T;
    try {
      made = await maker(work, key, identity);
    } catch (error) {
      slots.forget(key);
      rmSync(work, { recursive: true, force: true });
      throw error;
    }
    renameSync(work, join(folder, identity.cryptoId));
    syncFolder(folder);
    this.slots.delete(identity.cryptoId);
    return { opened: await this.open(identity.cryptoId, null), made };
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

  /** Removes an agent's vault and its key. Its vault is closed. */
  remove(cryptoId: string): void {
    const { folder } = this.options;
    const slots = this.readable(cryptoId);
    let key: Uint8Array | null = null;
    try {
      key = slots?.open() ?? null;
    } catch {
      // Under a passphrase, which leaves nothing in a keychain, or in a keychain that does not answer.
    }
    const doomed = join(folder, NEW, cryptoId);
    rmSync(doomed, { recursive: true, force: true });
    privateFolder(join(folder, NEW));
    // At once: what a crash leaves there is removed at the next start.
    renameSync(join(folder, cryptoId), doomed);
    syncFolder(folder);
    if (key) slots?.forget(key);
    this.slots.delete(cryptoId);
    rmSync(doomed, { recursive: true, force: true });
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
