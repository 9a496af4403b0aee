import type { DamagedReader } from "./damaged-reader.ts";
import type { Database, SqliteParams } from "./sqlite.ts";

/** How much of a table came through. */
export interface Salvaged {
  readonly kept: number;
  /** Rows that could not be read: exact where their numbers are known, else an upper bound. */
  readonly lost: number;
  readonly whole: boolean;
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of the primary key of a table without row numbers; null for all others. */
  readonly key: readonly string[] | null;
}

type Row = Record<string, string | number | Uint8Array | null>;

/** Rows read with one statement. */
const CHUNK = 256;
/** Of a chunk that fails, this many rows are tried before it is searched whole. */
const SAMPLES = 16;
/** Where a table's end is unknown, so many chunks without a row are its end. */
const EMPTY_CHUNKS = 32;

/**
 * Copies every table that both databases have, row by row where it must be. Tables that SQLite fills
 * by itself (indexes, full-text) are left to it. Runs inside the caller's transaction on `target`.
 */
export function salvageTables(
  source: DamagedReader,
  target: Database,
  leaveOut: ReadonlySet<string>,
): Map<string, Salvaged> {
  const found = new Map<string, Salvaged>();
  for (const table of tablesOf(target)) {
    if (leaveOut.has(table.name)) continue;
    const columns = table.columns.map(quoted).join(", ");
    const places = table.columns.map((column) => `$${column}`).join(", ");
    const insert = target.prepare(
      `INSERT OR IGNORE INTO ${quoted(table.name)} (${columns}) VALUES (${places})`,
    );
    const keep = (rows: readonly Row[]) =>
      rows.reduce((kept, row) => kept + insert.run(row as SqliteParams & Row).changes, 0);
    const result = table.key
      ? salvageByKey(source, table, table.key, keep)
      : salvageByRowNumber(source, table, keep);
    found.set(table.name, result);
  }
  return found;
}

/** Removes rows that point to rows which were lost, and what points to those. Returns how many. */
export function removeOrphans(target: Database): number {
  let removed = 0;
  for (;;) {
    let round = 0;
    for (const { name } of tablesOf(target)) {
      const keys = target.pragma(`foreign_key_list(${quoted(name)})`) as {
        table: string;
        from: string;
        to: string | null;
      }[];
      for (const { table, from, to } of keys) {
        round += target
          .prepare(
            `DELETE FROM ${quoted(name)} WHERE ${quoted(from)} IS NOT NULL AND ${quoted(from)}
             NOT IN (SELECT ${to === null ? "rowid" : quoted(to)} FROM ${quoted(table)})`,
          )
          .run().changes;
      }
    }
    removed += round;
    if (round === 0) return removed;
  }
}

/**
 * Row numbers are given on from where they had come to. Where that cannot be read, or what is read is
 * old, they go on far beyond: a number given twice would join a lost row's remains to another.
 */
export function continueNumbers(source: DamagedReader, target: Database, old: boolean): void {
  const before = old
    ? null
    : source.all<{ name: string; seq: number }>("SELECT name, seq FROM sqlite_sequence");
  const last = new Map(before?.map((row) => [row.name, row.seq]));
  const BEYOND = 1_000_000;
  for (const table of tablesOf(target)) {
    const definition = target
      .prepare(
        `SELECT sql LIKE '%AUTOINCREMENT%' OR name IN (SELECT name FROM sqlite_sequence) AS counted
         FROM sqlite_schema WHERE type = 'table' AND name = ?`,
      )
      .get<{ counted: number }>([table.name]);
    if (definition?.counted !== 1) continue;
    const highest = target
      .prepare(`SELECT coalesce(max(rowid), 0) AS n FROM ${quoted(table.name)}`)
      .get<{ n: number }>() as { n: number };
    const next = before ? Math.max(last.get(table.name) ?? 0, highest.n) : highest.n + BEYOND;
    target.prepare("DELETE FROM sqlite_sequence WHERE name = ?").run([table.name]);
    target.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").run([table.name, next]);
  }
}

function tablesOf(db: Database): Table[] {
  const all = db.pragma("table_list") as { name: string; type: string; wr: number }[];
  return all
    .filter((one) => one.type === "table" && !one.name.startsWith("sqlite_"))
    .map(({ name, wr }) => {
      const columns = db.pragma(`table_info(${quoted(name)})`) as { name: string; pk: number }[];
      const key = columns
        .filter((column) => column.pk > 0)
        .sort((a, b) => a.pk - b.pk)
        .map((column) => column.name);
      return { name, columns: columns.map((column) => column.name), key: wr ? key : null };
    });
}

function salvageByRowNumber(
  source: DamagedReader,
  table: Table,
  keep: (rows: readonly Row[]) => number,
): Salvaged {
  const name = quoted(table.name);
  const columns = table.columns.map(quoted).join(", ");
  const read = (from: number, to: number) =>
    source.all(`SELECT ${columns} FROM ${name} WHERE rowid BETWEEN ? AND ?`, [from, to]);
  const first = source.get<Edge>(`SELECT min(rowid) AS n FROM ${name}`);
  if (first?.n === null) return { kept: 0, lost: 0, whole: true };
  const end = lastRow(source, table.name);
  const reachable = first !== null || powersOfTwo().some((row) => read(row, row) !== null);
  if (!reachable) return { kept: 0, lost: 1, whole: false };
  let kept = 0;
  let lost = 0;

  const rescue = (from: number, to: number): void => {
    const rows = read(from, to);
    if (rows) {
      kept += keep(rows);
      return;
    }
    if (from === to || !anyReadable(from, to)) {
      lost += to - from + 1;
      return;
    }
    const middle = Math.floor((from + to) / 2);
    rescue(from, middle);
    rescue(middle + 1, to);
  };
  /** A page that leads to many rows costs all of them: a few tries tell, instead of one for each. */
  const anyReadable = (from: number, to: number): boolean => {
    const step = Math.max(1, Math.floor((to - from + 1) / SAMPLES));
    for (let row = from; row <= to; row += step) if (read(row, row)) return true;
    return to - from < SAMPLES ? false : read(to, to) !== null;
  };

  let [lostSoFar, empty] = [0, 0];
  for (let from = first?.n ?? 1; from <= (end ?? Number.MAX_SAFE_INTEGER); from += CHUNK) {
    const before = kept;
    rescue(from, Math.min(end ?? Number.MAX_SAFE_INTEGER, from + CHUNK - 1));
    if (kept > before) [lostSoFar, empty] = [lost, 0];
    else if (end === null && ++empty === EMPTY_CHUNKS) break;
  }
  // Beyond the last row that came through nothing is known to have been, but something was.
  if (end === null) lost = lostSoFar + 1;
  return { kept, lost, whole: lost === 0 };
}

/** Rows near and far: where none of them can even be looked for, the table's first page is lost. */
function powersOfTwo(): number[] {
  return Array.from({ length: 40 }, (_, power) => 2 ** power);
}

interface Edge {
  readonly n: number | null;
}

/** The highest row number that the table has or had; null when that cannot be read. */
function lastRow(source: DamagedReader, table: string): number | null {
  const last =
    source.get<Edge>(`SELECT max(rowid) AS n FROM ${quoted(table)}`) ??
    source.get<Edge>("SELECT seq AS n FROM sqlite_sequence WHERE name = ?", [table]);
  return last?.n ?? null;
}

/** From the beginning and from the end, up to what cannot be read. */
function salvageByKey(
  source: DamagedReader,
  table: Table,
  key: readonly string[],
  keep: (rows: readonly Row[]) => number,
): Salvaged {
  const columns = table.columns.map(quoted).join(", ");
  const tuple = key.map(quoted).join(", ");
  const places = key.map(() => "?").join(", ");
  let kept = 0;
  const walk = (after: "<" | ">", order: "ASC" | "DESC"): boolean => {
    const sorted = key.map((column) => `${quoted(column)} ${order}`).join(", ");
    let position: Row | null = null;
    for (let limit = CHUNK; ; ) {
      const where: string = position ? `WHERE (${tuple}) ${after} (${places})` : "";
      const rows: Row[] | null = source.all(
        `SELECT ${columns} FROM ${quoted(table.name)} ${where} ORDER BY ${sorted} LIMIT ${limit}`,
        position ? key.map((column) => (position as Row)[column] as string) : [],
      );
      if (rows === null) {
        if (limit === 1) return false;
        limit = Math.max(1, Math.floor(limit / 4));
        continue;
      }
      kept += keep(rows);
      if (rows.length < limit) return true;
      position = rows.at(-1) as Row;
    }
  };
  const whole = walk(">", "ASC");
  if (!whole) walk("<", "DESC");
  return { kept, lost: whole ? 0 : 1, whole };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
