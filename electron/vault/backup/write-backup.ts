import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { syncFolder } from "../../platform/private-file.ts";
import { NEWEST_VERSION } from "../schema.ts";
import type { Database } from "../sqlite.ts";
import { asStorageError } from "../storage-errors.ts";
import { BackupSealer, PART_LIMITS } from "./container.ts";
import { type CopiedTable, copiedTables } from "./tables.ts";

/** A part ends after this many rows, or before it has more than so many characters of them. */
const ROWS = 500;
const CHARACTERS = 4 * 1024 * 1024;
/** Rows read at once: each may hold a text or an envelope of the largest size. */
const READ_ROWS = 32;

type Value = string | number | null | Uint8Array;

/**
 * Writes an encrypted backup of a vault, whole or not at all, for this user alone. Throws
 * `bad_request` when the file is there already, and the disk's errors.
 * @param db a snapshot of the vault
 * @returns how many messages it holds
 */
export async function writeBackup(
  db: Database,
  path: string,
  { passphrase, now }: { passphrase: string; now: number },
): Promise<{ messages: number }> {
  if (existsSync(path)) throw isThere(path);
  const sealer = await BackupSealer.create(passphrase);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "wx", 0o600);
    let messages = 0;
    try {
      writeSync(file, sealer.header);
      writeSync(file, sealed(sealer, manifestOf(db, now), false));
      for (const table of copiedTables(db)) {
        for (const rows of partsOf(rowsOf(db, table))) {
          if (table.name === "message") messages += rows.length;
          const content = { table: table.name, columns: table.columns, rows };
          writeSync(file, sealed(sealer, content, false));
          // Mail goes on while a large vault is written.
          await nextTurn();
        }
      }
      writeSync(file, sealed(sealer, { messages }, true));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return { messages };
  } catch (error) {
    rmSync(temporary, { force: true });
    throw asStorageError(error);
  }
}

function manifestOf(db: Database, now: number) {
  const row = db
    .prepare(
      "SELECT name, seed, registration_id AS registrationId, created_at AS createdAt FROM agent",
    )
    .get<{ name: string; seed: Uint8Array; registrationId: number; createdAt: number }>();
  if (!row) throw new Error("the vault names no agent");
  const { seed, ...rest } = row;
  const agent = { ...rest, seed: Buffer.from(seed).toString("base64") };
  return { schema: NEWEST_VERSION, writtenAt: now, agent };
}

/** Throws rather than write a part that a reader would refuse. */
function sealed(sealer: BackupSealer, content: unknown, last: boolean): Buffer {
  const text = Buffer.from(JSON.stringify(content), "utf8");
  const part = sealer.part(text, last);
  if (text.length > PART_LIMITS.text || part.length > PART_LIMITS.sealed) throw tooLarge();
  return part;
}

/** Rows together, as many as one part takes, and one at least. */
function* partsOf(rows: Iterable<unknown[]>): Generator<unknown[][]> {
  let part: unknown[][] = [];
  let characters = 0;
  for (const row of rows) {
    const { length } = JSON.stringify(row);
    if (part.length === ROWS || (part.length > 0 && characters + length > CHARACTERS)) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(row);
    characters += length;
  }
  if (part.length > 0) yield part;
}

/** A table's rows by its key, blobs as `{"b": base64}`. */
function* rowsOf(db: Database, { name, columns, key }: CopiedTable): Generator<unknown[]> {
  const list = columns.map((column) => `"${column}"`).join(", ");
  const keys = key.map((column) => `"${column}"`).join(", ");
  const aliases = key.map((column, at) => `"${column}" AS "key ${at}"`).join(", ");
  const page = (where: string) =>
    db.prepare(
      `SELECT ${aliases}, ${list} FROM "${name}" ${where} ORDER BY ${keys} LIMIT ${READ_ROWS}`,
    );
  let rows = page("").all<Record<string, Value>>();
  const next = page(`WHERE (${keys}) > (${key.map(() => "?").join(", ")})`);
  for (;;) {
    const last = rows.at(-1);
    if (!last) return;
    yield* rows.map((row) => columns.map((column) => plain(row[column] ?? null)));
    rows = next.all(key.map((_column, at) => last[`key ${at}`] ?? null));
  }
}

function plain(value: Value): unknown {
  return value instanceof Uint8Array ? { b: Buffer.from(value).toString("base64") } : value;
}

function isThere(path: string): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `There is a file ${path} already.`,
    "Name another; a backup never takes the place of one that is there.",
  );
}

function tooLarge(): TinyplaceError {
  return new TinyplaceError(
    "internal",
    "A row of this agent's vault is too large for a backup.",
    "Report it with what `tinyplace status --json` prints. No file was written.",
  );
}
