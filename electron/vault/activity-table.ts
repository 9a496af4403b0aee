import type { ActivityKind } from "../../shared/model/activity.ts";
import type { VaultReader } from "./vault.ts";

/**
 * What the daemon did, and why; no message's text. Bounded. `noteActivity` runs inside `Vault.write`
 * only, in the write that does what it tells of.
 */
export interface ActivityRow {
  readonly seq: number;
  readonly at: number;
  readonly kind: ActivityKind;
  readonly peer: string | null;
  readonly label: string | null;
  /** The message's id. */
  readonly message: string | null;
  /** Why, in a word of the daemon's: a hold's reason, a rung, what a contact became. */
  readonly why: string | null;
}

const KEPT = 10_000;
/** Old rows go in parts: a message that comes in should not wait for it. */
const TIDY_EVERY = 256;

export function noteActivity(
  vault: VaultReader,
  row: Pick<ActivityRow, "at" | "kind"> & Partial<ActivityRow>,
): void {
  const { lastInsertRowid } = vault
    .sql("INSERT INTO activity (at, kind, peer, label, message, why) VALUES (?, ?, ?, ?, ?, ?)")
    .run([
      row.at,
      row.kind,
      row.peer ?? null,
      row.label ?? null,
      row.message ?? null,
      row.why ?? null,
    ]);
  const seq = Number(lastInsertRowid);
  if (seq % TIDY_EVERY === 0) {
    vault.sql("DELETE FROM activity WHERE seq <= ?").run([seq - KEPT]);
  }
}

/** The last one first. */
export function activity(vault: VaultReader, limit: number): ActivityRow[] {
  return vault
    .sql("SELECT seq, at, kind, peer, label, message, why FROM activity ORDER BY seq DESC LIMIT ?")
    .all<ActivityRow>([limit]);
}
