import { randomInt } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { syncFolder } from "../platform/private-file.ts";
import { DamagedReader } from "./damaged-reader.ts";
import { asideName, DATABASE_FILES, moveDatabase, removeDatabase } from "./database-files.ts";
import { FirstPage, PAGE_BYTES } from "./first-page.ts";
import { insertIncident } from "./incident-table.ts";
import { requeueLost } from "./requeue.ts";
import { continueNumbers, removeOrphans, type Salvaged, salvageTables } from "./salvage.ts";
import { migrate, NEWEST_VERSION, newerVersion } from "./schema.ts";
import type { Sealed, VaultIdentity } from "./sealed-identity.ts";
import { forgetIndex } from "./search-index.ts";
import { type Database, openSqlite } from "./sqlite.ts";
import { pagesByLog } from "./write-ahead-log.ts";

export interface Damage {
  /** What is wrong, as the end of a sentence: "its file was cut short". */
  readonly why: string;
  /** The newest commits are gone: what is left of the ratchets is older than what peers have seen. */
  readonly ratchetIsOld: boolean;
}

const PREKEYS = ["prekey", "signed_prekey", "kyber_prekey", "sdk_prekey"] as const;
const SESSIONS = ["ratchet_session", "sdk_session", "sdk_skipped_key"] as const;

/**
 * Makes a new vault of what can be read of a damaged one, under the same key. The damaged files are
 * copied aside first. Until the new vault is complete the old one stays where it is, so a crash or a
 * full disk at any moment costs nothing. Throws `vault_damaged`, with everything as it was, when not
 * even the agent's identity can be read.
 */
export function rescueVault(
  path: string,
  key: Uint8Array,
  parts: { damage: Damage; sealed: Sealed | null; now: number },
): void {
  const { damage, sealed, now } = parts;
  const aside = copyAside(path, now);
  try {
    const reader = new DamagedReader(makeReadable(path, key, sealed) ? path : null, key);
    try {
      const identity = readIdentity(reader) ?? sealed?.identity;
      if (!identity) throw unreadable(path);
      const version = readVersion(reader) ?? sealed?.firstPage.userVersion ?? NEWEST_VERSION;
      if (version > NEWEST_VERSION) throw newerVersion();
      const db = openSqlite(`${path}.new`, { key });
      try {
        const found = build(reader, db, { identity, version, damage });
        migrate(db);
        forgetIndex(db);
        requeueLost(db, now);
        const words = wordsFor(db, found, { damage, aside });
        insertIncident(db, { kind: "vault_rescued", words, at: now });
      } finally {
        db.close();
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    removeDatabase(`${path}.new`);
    // Undoes what was tried on the originals: the copies are what was there.
    moveDatabase(aside, path);
    throw error;
  }
  // From here on the new vault is the one: a crash between these steps is made good at the next open.
  renameSync(`${path}.new`, `${path}.rescued`);
  syncFolder(dirname(path));
  finishRescue(path);
}

/** Puts a rescued vault, if there is one, into the place of the damaged one. */
export function finishRescue(path: string): void {
  removeDatabase(`${path}.new`);
  if (!existsSync(`${path}.rescued`)) return;
  // First the old log: beside the new file it would be taken for the new file's own.
  for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  syncFolder(dirname(path));
  renameSync(`${path}.rescued`, path);
  syncFolder(dirname(path));
}

function build(
  reader: DamagedReader,
  db: Database,
  parts: { identity: VaultIdentity; version: number; damage: Damage },
): Found {
  const { identity, version, damage } = parts;
  migrate(db, version);
  // Rows come before those they point to; what points nowhere in the end is removed.
  db.pragma("foreign_keys=OFF");
  db.exec("BEGIN IMMEDIATE");
  const found = salvageTables(reader, db, damage.ratchetIsOld ? RATCHET : new Set());
  db.prepare(
    `INSERT OR IGNORE INTO agent (one, name, seed, registration_id, created_at, owner_epoch)
     VALUES (1, ?, ?, ?, ?, 0)`,
  ).run([identity.name, identity.seed, identity.registrationId, identity.createdAt]);
  const keepsPrekeys = isWhole(found, PREKEYS, damage);
  if (!keepsPrekeys) forgetPrekeys(db, identity.registrationId);
  removeOrphans(db);
  continueNumbers(reader, db, damage.ratchetIsOld);
  db.exec("COMMIT");
  return { tables: found, keepsRatchet: keepsPrekeys && isWhole(found, SESSIONS, damage) };
}

interface Found {
  readonly tables: ReadonlyMap<string, Salvaged>;
  readonly keepsRatchet: boolean;
}

/** A table that this version of the vault does not have yet lacks nothing. */
function isWhole(
  found: ReadonlyMap<string, Salvaged>,
  tables: readonly string[],
  damage: Damage,
): boolean {
  return !damage.ratchetIsOld && tables.every((table) => found.get(table)?.whole ?? true);
}

/** Tables of the ratchet: a state older than what was sent would use keys twice. */
const RATCHET: ReadonlySet<string> = new Set([...SESSIONS, ...PREKEYS]);

/**
 * Peers may have got public halves from the relay whose private halves are lost. Another registration
 * id is another installation: the relay then forgets what it had to hand out.
 */
function forgetPrekeys(db: Database, registrationId: number): void {
  const tables = db.pragma("table_list") as { name: string }[];
  for (const { name } of tables) {
    if ((PREKEYS as readonly string[]).includes(name)) db.exec(`DELETE FROM ${name}`);
  }
  const another = ((registrationId + randomInt(1, 16_380)) % 16_380) + 1;
  db.prepare("UPDATE agent SET registration_id = ?").run([another]);
}

function wordsFor(
  db: Database,
  { tables, keepsRatchet }: Found,
  { damage, aside }: { damage: Damage; aside: string },
): string {
  const count = (table: string) =>
    db.prepare(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()?.n ?? 0;
  const sentences = [
    `The vault was damaged: ${damage.why}.`,
    `Rescued were the agent itself, ${count("message")} messages, ${count("delivery")} of them delivered, ${count("hold")} held and ${count("job")} waiting to be sent.`,
  ];
  const lost = tables.get("message")?.lost ?? 0;
  if (lost > 1) sentences.push(`Up to ${lost} messages could not be read.`);
  else if (lost === 1) sentences.push("Some messages may be lost.");
  const others = [...tables].filter(([table]) => table !== "message" && !RATCHET.has(table));
  if (others.some(([, one]) => !one.whole)) sentences.push("Some other records were lost.");
  if (damage.ratchetIsOld) sentences.push("What was kept last before that may be lost.");
  if (!keepsRatchet) {
    sentences.push("Encrypted sessions with other agents begin anew by themselves.");
  }
  sentences.push(`The damaged file is kept as ${basename(aside)}.`);
  return sentences.join(" ");
}

function readIdentity(reader: DamagedReader): VaultIdentity | null {
  const row = reader.get<VaultIdentity>(
    `SELECT name, seed, registration_id AS registrationId, created_at AS createdAt FROM agent`,
  );
  return row && { ...row, seed: new Uint8Array(row.seed) };
}

function readVersion(reader: DamagedReader): number | null {
  return reader.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? null;
}

/**
 * A database whose first page is lost gets the one that was sealed; one that was cut short no longer
 * says how long it should be. False when nothing of it can be read. An empty file must not be opened
 * as it is: SQLite would take its log for an old one, and delete it.
 */
function makeReadable(path: string, key: Uint8Array, sealed: Sealed | null): boolean {
  const file = openSync(path, existsSync(path) ? "r+" : "w+", 0o600);
  try {
    const bytes = Buffer.alloc(PAGE_BYTES);
    readSync(file, bytes, 0, PAGE_BYTES, 0);
    const first = FirstPage.read(bytes, key) ?? sealed?.firstPage;
    // Its log may have a first page, too, but not where there is no file.
    if (!first) return fstatSync(file).size > 0;
    writeSync(file, first.withoutLength().encrypt(key), 0, PAGE_BYTES, 0);
    markMissing(file, pagesByLog(path));
    fsyncSync(file);
    return true;
  } finally {
    closeSync(file);
  }
}

/** Missing pages up to the length of the log are filled with what is surely no page: see `isCutShort`. */
function markMissing(file: number, pages: number): void {
  const whole = Math.floor(fstatSync(file).size / PAGE_BYTES);
  ftruncateSync(file, whole * PAGE_BYTES);
  const missing = Buffer.alloc(PAGE_BYTES, 0xff);
  for (let page = whole; page < pages; page++) {
    writeSync(file, missing, 0, PAGE_BYTES, page * PAGE_BYTES);
  }
}

/** Copies of the files as they are; the path of the first. */
function copyAside(path: string, now: number): string {
  const aside = asideName(path, now);
  try {
    for (const suffix of DATABASE_FILES) {
      if (existsSync(`${path}${suffix}`)) copyWhole(`${path}${suffix}`, `${aside}${suffix}`);
    }
  } catch (error) {
    removeDatabase(aside);
    throw error;
  }
  syncFolder(dirname(path));
  return aside;
}

function copyWhole(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL);
  const copy = openSync(to, "r+");
  try {
    fsyncSync(copy);
  } finally {
    closeSync(copy);
  }
}

function unreadable(path: string): TinyplaceError {
  return new TinyplaceError(
    "vault_damaged",
    "The vault cannot be opened with its key: it is damaged, or the key beside it belongs to another vault.",
    `Put the agent's whole folder, ${basename(dirname(path))}, back from one backup. Nothing was changed.`,
  );
}
