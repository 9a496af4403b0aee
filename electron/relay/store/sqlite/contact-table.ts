import type { ContactEdge } from "../store.ts";
import type { Sql } from "./sql.ts";

/** One row for two agents, whoever asked: `low` and `high` are their cryptoIds in text order. */
export function readContact(sql: Sql, a: string, b: string): ContactEdge | null {
  const row = sql.get<{ json: string }>(
    "SELECT json FROM contact WHERE low = ? AND high = ?",
    pair(a, b),
  );
  return row ? (JSON.parse(row.json) as ContactEdge) : null;
}

export function readContactsOf(sql: Sql, agent: string): ContactEdge[] {
  return sql
    .all<{ json: string }>(
      "SELECT json FROM contact WHERE low = ? OR high = ? ORDER BY low, high",
      [agent, agent],
    )
    .map((row) => JSON.parse(row.json) as ContactEdge);
}

/** Null removes. Belongs inside a transaction with the read it follows from. */
export function writeContact(sql: Sql, a: string, b: string, edge: ContactEdge | null): void {
  if (edge) {
    sql.run("INSERT OR REPLACE INTO contact (low, high, json) VALUES (?, ?, ?)", [
      ...pair(a, b),
      JSON.stringify(edge),
    ]);
  } else sql.run("DELETE FROM contact WHERE low = ? AND high = ?", pair(a, b));
}

function pair(a: string, b: string): [string, string] {
  return a < b ? [a, b] : [b, a];
}
