import type { AgentCard } from "../../wire.ts";
import type { ClaimOutcome, HandleRow } from "../store.ts";
import type { Sql } from "./sql.ts";

const COLUMNS = "handle, agent, claimed_at AS claimedAt";

/** Names and what agents say of themselves. Calls that change something belong inside a transaction. */
export function claimHandle(sql: Sql, claim: HandleRow, limit: number): ClaimOutcome {
  const current = readHandle(sql, claim.handle);
  if (current) return current.agent === claim.agent ? current : "taken";
  if (readHandlesOf(sql, claim.agent).length >= limit) return "limit";
  sql.run("INSERT INTO handle (handle, agent, claimed_at) VALUES (?, ?, ?)", [
    claim.handle,
    claim.agent,
    claim.claimedAt,
  ]);
  return claim;
}

export function releaseHandle(sql: Sql, handle: string, agent: string): boolean {
  return sql.run("DELETE FROM handle WHERE handle = ? AND agent = ?", [handle, agent]) === 1;
}

export function readHandle(sql: Sql, handle: string): HandleRow | null {
  return sql.get<HandleRow>(`SELECT ${COLUMNS} FROM handle WHERE handle = ?`, [handle]) ?? null;
}

export function readHandlesOf(sql: Sql, agent: string): HandleRow[] {
  return sql.all<HandleRow>(
    `SELECT ${COLUMNS} FROM handle WHERE agent = ? ORDER BY claimed_at, handle`,
    [agent],
  );
}

/** Null removes. */
export function writeCard(sql: Sql, agent: string, card: AgentCard | null): void {
  if (!card) sql.run("DELETE FROM card WHERE agent = ?", [agent]);
  else {
    const row = [agent, JSON.stringify(card)];
    sql.run("INSERT OR REPLACE INTO card (agent, json) VALUES (?, ?)", row);
  }
}

export function readCard(sql: Sql, agent: string): AgentCard | null {
  const row = sql.get<{ json: string }>("SELECT json FROM card WHERE agent = ?", [agent]);
  return row ? (JSON.parse(row.json) as AgentCard) : null;
}

export function readCards(sql: Sql, page: { limit: number; offset: number }): AgentCard[] {
  return sql
    .all<{ json: string }>("SELECT json FROM card ORDER BY agent LIMIT ? OFFSET ?", [
      page.limit,
      page.offset,
    ])
    .map((row) => JSON.parse(row.json) as AgentCard);
}
