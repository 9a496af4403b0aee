import type { VaultReader } from "./vault.ts";

/** Which harness session last held which label (rule S2). Changes run inside `Vault.write` only. */
export function labelOf(vault: VaultReader, harnessSessionId: string): string | null {
  const row = vault
    .sql("SELECT label FROM label WHERE harness_session_id = ? ORDER BY used_at DESC LIMIT 1")
    .get<{ label: string }>([harnessSessionId]);
  return row?.label ?? null;
}

export function holderOf(vault: VaultReader, label: string): string | null {
  const row = vault
    .sql("SELECT harness_session_id AS id FROM label WHERE label = ?")
    .get<{ id: string | null }>([label]);
  return row?.id ?? null;
}

export function rememberHolder(
  vault: VaultReader,
  label: string,
  harnessSessionId: string | null,
  at: number,
): void {
  // Later than all before, also by a clock that was set back: the newest is what counts.
  vault
    .sql(
      `INSERT OR REPLACE INTO label (label, harness_session_id, used_at)
       VALUES (?, ?, max(?, (SELECT coalesce(max(used_at) + 1, 0) FROM label)))`,
    )
    .run([label, harnessSessionId, at]);
}
