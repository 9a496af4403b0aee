import {
  closeSync,
  existsSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FirstPage, PAGE_BYTES } from "./first-page.ts";
import { type Damage, finishRescue, rescueVault } from "./rescue.ts";
import { migrate } from "./schema.ts";
import { type Sealed, seal, unseal, type VaultIdentity } from "./sealed-identity.ts";
import { removeSoundMark, soundSince } from "./sound-mark.ts";
import { type Database, isDamageError, makeDurable, openSqlite } from "./sqlite.ts";
import { asStorageError } from "./storage-errors.ts";
import { isCutShort, lostCommits } from "./write-ahead-log.ts";

/**
 * Up to this size the whole file is checked: about a second of reading and of checking each page's
 * HMAC. Of a larger one everything but the messages is; of those, SQLite checks each page
 * when it is read, and one found damaged then has the whole file checked at the next open.
 */
const LARGEST_WHOLE_CHECK = 256 * 1024 * 1024;
const FILE_NAME = "vault.db";
const SUSPECT_NAME = "vault.suspect";

export function vaultPath(folder: string): string {
  return join(folder, FILE_NAME);
}

/** Creates `vault.db` with its agent, and the sealed copy of the identity beside it. */
export function createVaultFile(
  folder: string,
  key: Uint8Array,
  agent: VaultIdentity & { epoch: number },
): void {
  const path = vaultPath(folder);
  const db = openSqlite(path, { key });
  try {
    makeDurable(db);
    migrate(db);
    db.prepare(
      "INSERT INTO agent (one, name, seed, registration_id, created_at, owner_epoch) VALUES (1, ?, ?, ?, ?, ?)",
    ).run([agent.name, agent.seed, agent.registrationId, agent.createdAt, agent.epoch]);
  } finally {
    db.close();
  }
  sealAgain(folder, key, agent);
}

export interface OpenedFile {
  readonly db: Database;
  /** When all of it was last read, in ms. */
  readonly checkedAt: number;
}

/**
 * An open, whole and current vault. A damaged one is rescued first (rule D7): see `rescueVault`. One
 * that was closed in order and not touched since is not read through again: see `sound-mark.ts`.
 * @param now ms since the epoch, for the record of an incident
 */
export function openVaultFile(folder: string, key: Uint8Array, now: number): OpenedFile {
  try {
    return openChecked(folder, key, now);
  } catch (error) {
    throw asStorageError(error);
  }
}

function openChecked(folder: string, key: Uint8Array, now: number): OpenedFile {
  const path = vaultPath(folder);
  finishRescue(path);
  const sealed = unseal(folder, key);
  const soundAt = existsSync(join(folder, SUSPECT_NAME)) ? null : soundSince(path, now);
  const damage = findDamage(folder, key, soundAt !== null);
  if (damage) rescueVault(path, key, { damage, sealed, now });
  rmSync(join(folder, SUSPECT_NAME), { force: true });
  removeSoundMark(path);
  return { db: openCurrent(folder, key, sealed), checkedAt: damage ? now : (soundAt ?? now) };
}

/** Brings it to this version's schema, and the sealed identity to what is in it. */
function openCurrent(folder: string, key: Uint8Array, sealed: Sealed | null): Database {
  const path = vaultPath(folder);
  const salt = readFirst(path).subarray(0, 16);
  let db = openDurable(path, key);
  try {
    migrate(db);
    const identity = identityIn(db);
    if (isCurrent(sealed, { identity, salt, cookie: schemaCookie(db) })) return db;
    // Closing brings everything from the log into the file, where the first page is read.
    db.close();
    sealAgain(folder, key, identity);
    db = openDurable(path, key);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Has the whole file checked at the next open. */
export function suspectVault(folder: string): void {
  try {
    writeFileSync(join(folder, SUSPECT_NAME), "");
  } catch {
    // A disk that takes nothing: the next open checks what it checks in any case.
  }
}

/** @param sound whether it is as it was left when it was closed in order */
function findDamage(folder: string, key: Uint8Array, sound: boolean): Damage | null {
  const path = vaultPath(folder);
  const damage = (why: string, ratchetIsOld = false): Damage => ({ why, ratchetIsOld });
  if (!existsSync(path)) return damage("its file was gone");
  const bytes = statSync(path).size;
  if (bytes === 0) return damage("its file was empty");
  if (lostCommits(path)) return damage("the end of its log was gone", true);
  if (isCutShort(path)) return damage("its file was cut short");
  let db: Database | null = null;
  try {
    db = openSqlite(path, { key });
    const whole = bytes <= LARGEST_WHOLE_CHECK || existsSync(join(folder, SUSPECT_NAME));
    if ((sound || isIntact(db, whole)) && hasAgent(db)) return null;
  } catch (error) {
    if (!isDamageError(error)) throw error;
  } finally {
    db?.close();
  }
  return damage("parts of its file could not be read");
}

/** SQLite's own quick check, which both bindings have; it reads, and so verifies, every page. */
function isIntact(db: Database, whole: boolean): boolean {
  const ok = (rows: unknown) => (rows as { quick_check: string }[])[0]?.quick_check === "ok";
  if (whole) return ok(db.pragma("quick_check(1)"));
  const tables = db.pragma("table_list") as { name: string; type: string }[];
  return tables
    .filter(({ name, type }) => type === "table" && name !== "message")
    .every(({ name }) => ok(db.pragma(`quick_check("${name}")`)));
}

function hasAgent(db: Database): boolean {
  const tables = db.pragma("table_list") as { name: string }[];
  if (!tables.some(({ name }) => name === "agent")) return false;
  return db.prepare("SELECT 1 AS yes FROM agent").get() !== undefined;
}

function openDurable(path: string, key: Uint8Array): Database {
  const db = openSqlite(path, { key });
  makeDurable(db);
  return db;
}

function identityIn(db: Database): VaultIdentity {
  const row = db
    .prepare(
      "SELECT name, seed, registration_id AS registrationId, created_at AS createdAt FROM agent",
    )
    .get<VaultIdentity>() as VaultIdentity;
  return { ...row, seed: new Uint8Array(row.seed) };
}

function schemaCookie(db: Database): number {
  return (db.pragma("schema_version") as { schema_version: number }[])[0]?.schema_version ?? 0;
}

function isCurrent(
  sealed: Sealed | null,
  vault: { identity: VaultIdentity; salt: Uint8Array; cookie: number },
): boolean {
  if (!sealed) return false;
  const { identity, firstPage } = sealed;
  const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  return (
    identity.name === vault.identity.name &&
    same(identity.seed, vault.identity.seed) &&
    identity.registrationId === vault.identity.registrationId &&
    firstPage.schemaCookie === vault.cookie &&
    same(firstPage.salt, vault.salt)
  );
}

/** Call only while no connection is open: closing any handle of the file drops this process's locks. */
function sealAgain(folder: string, key: Uint8Array, agent: VaultIdentity): void {
  const { name, seed, registrationId, createdAt } = agent;
  const firstPage = FirstPage.read(readFirst(vaultPath(folder)), key);
  if (!firstPage) throw new Error(`the first page of the vault in ${folder} is not as expected`);
  seal(folder, key, { identity: { name, seed, registrationId, createdAt }, firstPage });
}

function readFirst(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const page = Buffer.alloc(PAGE_BYTES);
    readSync(file, page, 0, PAGE_BYTES, 0);
    return page;
  } finally {
    closeSync(file);
  }
}
