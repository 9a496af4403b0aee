import type { HoldReason } from "../../shared/model/snapshot.ts";
import type { MessageRow } from "./mail-table.ts";
import type { VaultReader } from "./vault.ts";

/** Messages that no session could take yet. The changing functions run inside `Vault.write` only. */
export interface HoldRow extends MessageRow {
  readonly reason: HoldReason;
  readonly held_at: number;
  readonly hold_to: string | null;
}

const HELD = `SELECT m.seq, m.id, m.direction, m.peer, m.from_session, m.to_session, m.in_reply_to,
  m.role, m.text, m.auto, m.sent_at, m.at, m.asker, m.late, h.reason, h.held_at, h.to_session AS hold_to
  FROM hold h JOIN message m ON m.seq = h.message`;

export function insertHold(
  vault: VaultReader,
  hold: { message: number; toSession: string | null; reason: HoldReason; at: number },
): void {
  vault
    .sql("INSERT OR IGNORE INTO hold (message, to_session, reason, held_at) VALUES (?, ?, ?, ?)")
    .run([hold.message, hold.toSession, hold.reason, hold.at]);
}

/** What was held until now, or null. */
export function removeHold(vault: VaultReader, message: number): HoldRow | null {
  const row = vault.sql(`${HELD} WHERE h.message = ?`).get<HoldRow>([message]);
  if (!row) return null;
  vault.sql("DELETE FROM hold WHERE message = ?").run([message]);
  return row;
}

/** Oldest first. */
export function holds(vault: VaultReader): HoldRow[] {
  return vault.sql(`${HELD} ORDER BY h.message`).all<HoldRow>();
}

export function holdCount(vault: VaultReader): number {
  return vault.sql("SELECT count(*) AS n FROM hold").get<{ n: number }>()?.n ?? 0;
}
