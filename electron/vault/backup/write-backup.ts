import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { syncFolder } from "../../platform/private-file.ts";
import { NEWEST_VERSION } from "../schema.ts";
import type { Database, SqliteParams } from "../sqlite.ts";
import { asStorageError } from "../storage-errors.ts";
import { BackupSealer } from "./container.ts";
import { type CopiedTable, copiedTables } from "./tables.ts";

/** Rows of one part. */
const ROWS = 500;

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
      writeSync(file, sealer.part(manifestOf(db, now), false));
      for (const table of copiedTables(db)) {
        for (const rows of pagesOf(db, table)) {
          if (table.name === "message") messages += rows.length;
          const content = { table: table.name, columns: table.columns, rows };
          writeSync(file, sealer.part(content, false));
          // Mail goes on while a large vault is written.
          await nextTurn();
        }
      }
      writeSync(file, sealer.part({ messages }, true));
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

/** A table's rows in pages, blobs as `{"b": base64}`. */
function* pagesOf(db: Database, { name, columns, hasRowid }: CopiedTable): Generator<unknown[][]> {
  const list = columns.map((column) => `"${column}"`).join(", ");
  const page = hasRowid
    ? db.prepare(
        `SELECT rowid AS "row of page", ${list} FROM "${name}" WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS}`,
      )
    : db.prepare(`SELECT ${list} FROM "${name}" LIMIT ${ROWS} OFFSET ?`);
  let from = hasRowid ? Number.MIN_SAFE_INTEGER : 0;
  for (;;) {
    const rows = page.all<Record<string, Value>>([from] as SqliteParams);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map((row) => columns.map((column) => plain(row[column] ?? null)));
    from = hasRowid ? Number(last["row of page"]) : from + rows.length;
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
