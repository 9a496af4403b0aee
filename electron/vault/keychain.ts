import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TinyplaceError } from "../../shared/errors/errors.ts";

/** Where secrets of this user can be kept by the system. `null` answers mean: not there. */
export interface Keychain {
  read(account: string): string | null;
  /** Throws when the system keeps nothing (no secret service, locked, refused). */
  write(account: string, secret: string): void;
}

const SERVICE = "tinyplace";

/**
 * The system's keychain through @napi-rs/keyring, which plain Node and Electron reach alike; null
 * where there is none. TINYPLACE_KEYSTORE=file says not to use it.
 */
export async function systemKeychain(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Keychain | null> {
  if (env.TINYPLACE_KEYSTORE === "file") return null;
  // Without a session bus there is no secret service to ask, and asking may wait for one to start.
  if (process.platform === "linux" && !env.DBUS_SESSION_BUS_ADDRESS) return null;
  try {
    const { Entry } = await import("@napi-rs/keyring");
    return {
      read: (account) => new Entry(SERVICE, account).getPassword(),
      write: (account, secret) => new Entry(SERVICE, account).setPassword(secret),
    };
  } catch {
    return null;
  }
}

const slotFile = z.object({
  version: z.literal(1),
  slot: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("keychain"), account: z.string() }),
    z.object({ kind: z.literal("file"), key: z.string() }),
  ]),
});

export interface VaultKey {
  /** 32 bytes */
  readonly key: Uint8Array;
  readonly keptIn: "keychain" | "file";
}

const SLOT_NAME = "vault.key";

/** Draws a vault's key and keeps it: in the keychain where there is one, else in a 0600 file. */
export function createVaultKey(
  folder: string,
  account: string,
  keychain: Keychain | null,
): VaultKey {
  const key = randomBytes(32);
  const path = join(folder, SLOT_NAME);
  if (existsSync(path)) throw new Error(`${path} exists: a vault's key is never replaced`);
  if (keychain && keptInKeychain(keychain, account, key)) {
    writePrivate(path, { version: 1, slot: { kind: "keychain", account } });
    return { key, keptIn: "keychain" };
  }
  writePrivate(path, { version: 1, slot: { kind: "file", key: key.toString("base64") } });
  return { key, keptIn: "file" };
}

/** The key of an existing vault; a key that cannot be had is `vault_locked`, never a new vault. */
export function readVaultKey(folder: string, keychain: Keychain | null): VaultKey {
  const path = join(folder, SLOT_NAME);
  const slot = readSlot(path);
  if (slot.kind === "file") return { key: exactKey(slot.key, path), keptIn: "file" };
  let secret: string | null = null;
  let cause: unknown;
  try {
    secret = keychain?.read(slot.account) ?? null;
  } catch (error) {
    cause = error;
  }
  if (secret === null) {
    throw new TinyplaceError(
      "vault_locked",
      `The key of the vault in ${folder} is in the system's keychain, which does not give it.`,
      "Unlock the keychain (log in to your desktop session) and start tinyplace again. Nothing was changed.",
      { cause },
    );
  }
  return { key: exactKey(secret, path), keptIn: "keychain" };
}

function keptInKeychain(keychain: Keychain, account: string, key: Buffer): boolean {
  const secret = key.toString("base64");
  try {
    keychain.write(account, secret);
    // A keychain that accepts and forgets would lock the vault for good: read it back first.
    return keychain.read(account) === secret;
  } catch {
    return false;
  }
}

function readSlot(path: string): z.infer<typeof slotFile>["slot"] {
  try {
    return slotFile.parse(JSON.parse(readFileSync(path, "utf8"))).slot;
  } catch (cause) {
    throw new TinyplaceError(
      "vault_locked",
      `The key file ${path} cannot be read.`,
      "Put the file back from a backup; without it the vault beside it cannot be opened. Nothing was changed.",
      { cause },
    );
  }
}

function exactKey(text: string, path: string): Uint8Array {
  const key = Buffer.from(text, "base64");
  if (key.length === 32) return key;
  throw new TinyplaceError(
    "vault_locked",
    `The key that ${path} names is damaged.`,
    "Put the file back from a backup. Nothing was changed.",
  );
}

/** Whole or not at all: a temporary sibling, then a rename. */
function writePrivate(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600, flush: true });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
