import type { Receipt, ReceiptRung } from "../../shared/envelope/envelope.ts";
import type { VaultReader } from "./vault.ts";

/** Receipts we owe (rule D6). The changing functions run inside `Vault.write` only. */
export interface DueReceipt {
  readonly peer: string;
  /** The peer's own message id. */
  readonly messageId: string;
  readonly rung: ReceiptRung;
  readonly at: number;
  readonly label: string | null;
}

export function oweReceipt(vault: VaultReader, receipt: DueReceipt): void {
  vault
    .sql("INSERT INTO receipt_due (peer, message_id, rung, at, label) VALUES (?, ?, ?, ?, ?)")
    .run([receipt.peer, receipt.messageId, receipt.rung, receipt.at, receipt.label]);
}

export function peersOwedReceipts(vault: VaultReader): string[] {
  return vault
    .sql("SELECT DISTINCT peer FROM receipt_due")
    .all<{ peer: string }>()
    .map((row) => row.peer);
}

/** Takes the oldest receipts owed to a peer. */
export function takeReceipts(vault: VaultReader, peer: string, limit: number): Receipt[] {
  const rows = vault
    .sql(
      `SELECT seq, message_id AS id, rung, at, label AS session FROM receipt_due
       WHERE peer = ? ORDER BY seq LIMIT +?`,
    )
    .all<{ seq: number; id: string; rung: ReceiptRung; at: number; session: string | null }>([
      peer,
      limit,
    ]);
  const last = rows.at(-1);
  if (!last) return [];
  vault.sql("DELETE FROM receipt_due WHERE peer = ? AND seq <= ?").run([peer, last.seq]);
  return rows.map(({ id, rung, at, session }) => ({
    id,
    rung,
    at: new Date(at).toISOString(),
    session,
  }));
}

export function dropReceipts(vault: VaultReader, peer: string): void {
  vault.sql("DELETE FROM receipt_due WHERE peer = ?").run([peer]);
}

/** Without any trace of what became of it, it was received: damage may have taken the rest. */
const KNOWN_NOW = `INSERT INTO receipt_due (peer, message_id, rung, at, label)
  SELECT m.peer, m.id, CASE WHEN d.seen_at IS NOT NULL THEN 'seen' WHEN d.read_at IS NOT NULL THEN 'read'
      WHEN d.pushed_at IS NOT NULL THEN 'pushed' WHEN d.id IS NOT NULL THEN 'inbox'
      WHEN h.message IS NOT NULL OR g.message IS NOT NULL THEN 'held'
      WHEN r.message IS NOT NULL THEN 'refused' ELSE 'received' END,
    coalesce(d.seen_at, d.read_at, d.pushed_at, d.delivered_at, h.held_at, g.held_at, r.at, m.at), d.label
  FROM message m LEFT JOIN delivery d ON d.message = m.seq LEFT JOIN hold h ON h.message = m.seq
    LEFT JOIN discarded g ON g.message = m.seq LEFT JOIN refused r ON r.message = m.seq
  WHERE m.peer = ? AND m.direction = 'in'`;

/** Owes once more what is known of one message: its sender did not know and sent it again. */
export function oweAgain(vault: VaultReader, peer: string, messageId: string): void {
  vault.sql(`${KNOWN_NOW} AND m.id = ?`).run([peer, messageId]);
}

/**
 * Owes once more what is known of a peer's messages since `since`: it told us that something of ours
 * did not reach it, and that may have been receipts.
 */
export function oweAllAgain(vault: VaultReader, peer: string, since: number): void {
  vault.sql(`${KNOWN_NOW} AND m.at >= ? ORDER BY m.seq`).run([peer, since]);
}
