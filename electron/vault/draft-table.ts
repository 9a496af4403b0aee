import type { VaultReader } from "./vault.ts";

/** What a person is writing. The changing functions run inside `Vault.write` only. */
export interface DraftRow {
  readonly id: string;
  /** As it was saved; whoever reads it checks it. */
  readonly json: string;
  readonly changed_at: number;
}

export function saveDraft(vault: VaultReader, row: DraftRow): void {
  vault
    .sql("INSERT OR REPLACE INTO draft (id, json, changed_at) VALUES (?, ?, ?)")
    .run([row.id, row.json, row.changed_at]);
}

export function removeDraft(vault: VaultReader, id: string): void {
  vault.sql("DELETE FROM draft WHERE id = ?").run([id]);
}

export function draftOf(vault: VaultReader, id: string): DraftRow | null {
  return (
    vault.sql("SELECT id, json, changed_at FROM draft WHERE id = ?").get<DraftRow>([id]) ?? null
  );
}

/** The last changed first. */
export function drafts(vault: VaultReader): DraftRow[] {
  return vault
    .sql("SELECT id, json, changed_at FROM draft ORDER BY changed_at DESC, id")
    .all<DraftRow>();
}

/** Those with a text. */
export function draftCount(vault: VaultReader): number {
  return (
    vault
      .sql("SELECT count(*) AS n FROM draft WHERE trim(json_extract(json, '$.text')) <> ''")
      .get<{ n: number }>()?.n ?? 0
  );
}
