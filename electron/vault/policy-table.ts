import type { VaultReader } from "./vault.ts";

/**
 * What a person decided about mail (rules R1, R3, R5). The changing functions run inside `Vault.write`
 * only.
 */
type PolicyAction = "deliver" | "hold" | "ask" | "refuse";

export interface PolicyRow {
  /** "" for every sender without a row of its own. */
  readonly peer: string;
  /** "" for every session without a row of its own. */
  readonly label: string;
  readonly action: PolicyAction;
  /** Quiet hours in minutes of the local day, from inclusive, to exclusive; null without. */
  readonly quietFrom: number | null;
  readonly quietTo: number | null;
}

export function policies(vault: VaultReader): PolicyRow[] {
  return vault
    .sql(
      `SELECT peer, label, action, quiet_from AS quietFrom, quiet_to AS quietTo FROM policy
       ORDER BY peer, label`,
    )
    .all<PolicyRow>();
}

export function writePolicy(vault: VaultReader, row: PolicyRow): void {
  vault
    .sql(
      `INSERT OR REPLACE INTO policy (peer, label, action, quiet_from, quiet_to)
       VALUES (?, ?, ?, ?, ?)`,
    )
    .run([row.peer, row.label, row.action, row.quietFrom, row.quietTo]);
}

export function removePolicy(vault: VaultReader, peer: string, label: string): void {
  vault.sql("DELETE FROM policy WHERE peer = ? AND label = ?").run([peer, label]);
}

export function redirects(vault: VaultReader): { from: string; to: string }[] {
  return vault
    .sql("SELECT from_label AS 'from', to_label AS 'to' FROM redirect ORDER BY from_label")
    .all<{ from: string; to: string }>();
}

export function writeRedirect(vault: VaultReader, from: string, to: string): void {
  vault.sql("INSERT OR REPLACE INTO redirect (from_label, to_label) VALUES (?, ?)").run([from, to]);
}

export function removeRedirect(vault: VaultReader, from: string): void {
  vault.sql("DELETE FROM redirect WHERE from_label = ?").run([from]);
}

/** A setting of this agent, or null. */
export function setting(vault: VaultReader, name: string): string | null {
  const row = vault.sql("SELECT value FROM setting WHERE name = ?").get<{ value: string }>([name]);
  return row?.value ?? null;
}

export function writeSetting(vault: VaultReader, name: string, value: string): void {
  vault.sql("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)").run([name, value]);
}
