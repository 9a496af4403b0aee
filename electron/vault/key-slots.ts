import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { hasKeyFile, type KeyFile, type KeySlot, readKeyFile, writeKeyFile } from "./key-file.ts";
import type { Keychain } from "./keychain.ts";
import { unwrapKey, wrapKey } from "./passphrase.ts";

export type KeyStore = KeySlot["kind"];

const KEY_BYTES = 32;

/**
 * The slots of one vault's key (rule Z1): each gives the same 32 random bytes. A vault that has a
 * passphrase has that slot alone, so that without it nothing opens. Every change writes the whole
 * file anew; a crash leaves the old slots or the new ones, both of which open the vault.
 */
export class KeySlots {
  private readonly folder: string;
  private readonly keychain: Keychain | null;
  private file: Omit<KeyFile, "version">;

  private constructor(folder: string, keychain: Keychain | null, file: Omit<KeyFile, "version">) {
    this.folder = folder;
    this.keychain = keychain;
    this.file = file;
  }

  /** Draws the key of a new vault and keeps it: in the keychain where there is one, else in the file. */
  static create(
    folder: string,
    name: string,
    keychain: Keychain | null,
  ): { slots: KeySlots; key: Uint8Array } {
    if (hasKeyFile(folder)) throw new Error(`${folder} has a key: it is never replaced`);
    const key = randomBytes(KEY_BYTES);
    const slots = new KeySlots(folder, keychain, { name, slots: [] });
    slots.keep([slots.openSlot(key)]);
    return { slots, key };
  }

  /** Throws `vault_locked` when the file cannot be read. */
  static read(folder: string, keychain: Keychain | null): KeySlots {
    return new KeySlots(folder, keychain, readKeyFile(folder));
  }

  get name(): string | null {
    return this.file.name;
  }

  /** Where the key is kept: with a passphrase, under it alone. */
  get store(): KeyStore {
    return this.slot("passphrase") ? "passphrase" : (this.file.slots[0] as KeySlot).kind;
  }

  /** The key from the keychain or the file; `vault_locked` where only a passphrase gives it. */
  open(): Uint8Array {
    const inFile = this.slot("file");
    if (inFile) return exactKey(inFile.key, this.folder);
    const inKeychain = this.slot("keychain");
    if (inKeychain) return this.fromKeychain(inKeychain.account);
    throw this.locked();
  }

  /** What is to be said of a vault that only its passphrase opens. */
  locked(): TinyplaceError {
    return new TinyplaceError(
      "vault_locked",
      `The vault of ${this.called} is locked: its key is under a passphrase.`,
      `Unlock it with \`tinyplace passphrase unlock --wallet "${this.called}"\`. A host without a display reads the file that TINYPLACE_PASSPHRASE_FILE names.`,
    );
  }

  /** The key; throws `passphrase_wrong`. */
  async unlock(passphrase: string): Promise<Uint8Array> {
    const slot = this.slot("passphrase");
    if (!slot) return this.open();
    const key = await unwrapKey(slot, passphrase, this.context);
    if (key?.length !== KEY_BYTES) {
      throw new TinyplaceError(
        "passphrase_wrong",
        `This is not the passphrase of ${this.called}.`,
        "Check it (capitals, keyboard layout) and try again. Nothing was changed.",
      );
    }
    // What a crash may have left there while the passphrase was set or removed.
    this.forget(key);
    return key;
  }

  /** From now on the passphrase alone opens the vault. Throws `bad_request` for one too short. */
  async setPassphrase(key: Uint8Array, passphrase: string): Promise<void> {
    this.keep([await wrapKey(key, passphrase, this.context)]);
    this.forget(key);
  }

  /** From now on the vault opens by itself again. */
  removePassphrase(key: Uint8Array): void {
    this.keep([this.openSlot(key)]);
  }

  /** Keeps the name for when the vault is locked. */
  rename(name: string): void {
    if (name !== this.file.name) this.keep(this.file.slots, name);
  }

  private keep(slots: KeySlot[], name = this.file.name): void {
    const file = { name, slots };
    writeKeyFile(this.folder, file);
    this.file = file;
  }

  /** A slot that needs nobody: keychain, or file where there is none. */
  private openSlot(key: Uint8Array): KeySlot {
    const secret = Buffer.from(key).toString("base64");
    try {
      for (const account of this.accounts) {
        const there = this.keychain?.read(account) ?? null;
        if (there !== null && there !== secret) continue;
        this.keychain?.write(account, secret);
        // A keychain that accepts and forgets would lock the vault for good: read it back first.
        if (this.keychain?.read(account) === secret) return { kind: "keychain", account };
      }
    } catch {
      // Locked or refused: the file keeps it.
    }
    return { kind: "file", key: secret };
  }

  private fromKeychain(account: string): Uint8Array {
    let secret: string | null = null;
    let cause: unknown;
    try {
      secret = this.keychain?.read(account) ?? null;
    } catch (error) {
      cause = error;
    }
    if (secret !== null) return exactKey(secret, this.folder);
    throw new TinyplaceError(
      "vault_locked",
      `The key of the vault of ${this.called} is in the system's keychain, which does not give it.`,
      "Unlock the keychain (log in to your desktop session); tinyplace tries again by itself. Nothing was changed.",
      { cause },
    );
  }

  /** Removes this key, and no other, from the keychain; does nothing where that does not answer. */
  forget(key: Uint8Array): void {
    const secret = Buffer.from(key).toString("base64");
    try {
      for (const account of this.accounts) {
        if (this.keychain?.read(account) === secret) this.keychain.remove(account);
      }
    } catch {
      // Tried again at the next unlock.
    }
  }

  private slot<K extends KeyStore>(kind: K): Extract<KeySlot, { kind: K }> | null {
    const found = this.file.slots.find((one) => one.kind === kind);
    return (found as Extract<KeySlot, { kind: K }> | undefined) ?? null;
  }

  /** The folder is named by the agent's cryptoId. */
  private get account(): string {
    return basename(this.folder);
  }

  /** An agent that was imported may be in several data folders of one user, each with its own key. */
  private get accounts(): string[] {
    return ["", ".2", ".3", ".4"].map((end) => `${this.account}${end}`);
  }

  private get called(): string {
    return this.file.name ?? this.account;
  }

  private get context(): string {
    return `tinyplace vault key of ${this.account}`;
  }
}

function exactKey(text: string, folder: string): Uint8Array {
  const key = Buffer.from(text, "base64");
  if (key.length === KEY_BYTES) return key;
  throw new TinyplaceError(
    "vault_locked",
    `The key kept for the vault in ${folder} is damaged.`,
    "Put vault.key back from a backup. Nothing was changed.",
  );
}
