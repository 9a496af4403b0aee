import type { HoldReason } from "../../shared/model/snapshot.ts";
import { MESSAGE_COLUMNS, type MessageRow } from "./mail-table.ts";
import { keepRungs } from "./outgoing-table.ts";
import type { VaultReader } from "./vault.ts";

/**
 * Messages that no session could take yet, or that nobody gets. The changing functions run inside
 * `Vault.write` only.
 */
export interface HoldRow extends MessageRow {
  readonly reason: HoldReason;
  readonly held_at: number;
  readonly hold_to: string | null;
  /** When it was handed to a session, which ended before it was known to have it. */
  readonly offered_at: number | null;
  /** The number of the one delivery that it was before; null: of none, or of several. */
  readonly delivery: number | null;
  /** A person gave it to the session `hold_to` before (rule R5). */
  readonly released: number;
}

const HELD = `SELECT ${MESSAGE_COLUMNS}, h.reason, h.held_at, h.to_session AS hold_to, h.offered_at, h.delivery, h.released
  FROM hold h JOIN message m ON m.seq = h.message`;

/** Discarded messages can be taken back for this long, in ms (rule R3). */
export const UNDO_DISCARD_MS = 30 * 24 * 3600 * 1000;

export function insertHold(
  vault: VaultReader,
  hold: {
    message: number;
    toSession: string | null;
    reason: HoldReason;
    at: number;
    offeredAt?: number | null;
    delivery?: number | null;
    released?: boolean;
  },
): void {
  // Of two inboxes that it is held from, what one has says nothing for the other.
  vault
    .sql(
      `INSERT INTO hold (message, to_session, reason, held_at, offered_at, delivery, released)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message) DO UPDATE SET delivery = NULL`,
    )
    .run([
      hold.message,
      hold.toSession,
      hold.reason,
      hold.at,
      hold.offeredAt ?? null,
      hold.delivery ?? null,
      hold.released ? 1 : 0,
    ]);
}

/** Nobody gets it, by what the person decided: its sender is told so. */
export function insertRefusal(vault: VaultReader, message: number, at: number): void {
  vault.sql("INSERT INTO refused (message, at) VALUES (?, ?)").run([message, at]);
}

/** The same hold for another reason, e.g. since quiet hours began. */
export function holdReasonIs(vault: VaultReader, message: number, reason: HoldReason): void {
  vault
    .sql("UPDATE hold SET reason = ? WHERE message = ? AND reason <> ?")
    .run([reason, message, reason]);
}

function holdOf(vault: VaultReader, message: number): HoldRow | null {
  return vault.sql(`${HELD} WHERE h.message = ?`).get<HoldRow>([message]) ?? null;
}

/** What was held until now, or null. */
export function removeHold(vault: VaultReader, message: number): HoldRow | null {
  const row = holdOf(vault, message);
  if (!row) return null;
  keepRungs(vault, message);
  vault.sql("DELETE FROM hold WHERE message = ?").run([message]);
  return row;
}

/** As `removeHold`, for what was handed out as this delivery before it was held. */
export function removeHandedHold(vault: VaultReader, delivery: number): HoldRow | null {
  const hold = vault
    .sql("SELECT message FROM hold WHERE delivery = ? AND offered_at IS NOT NULL")
    .get<{ message: number }>([delivery]);
  return hold ? removeHold(vault, hold.message) : null;
}

/** Oldest first. */
export function holds(vault: VaultReader): HoldRow[] {
  return vault.sql(`${HELD} ORDER BY h.message`).all<HoldRow>();
}

export function holdCount(vault: VaultReader): number {
  return vault.sql("SELECT count(*) AS n FROM hold").get<{ n: number }>()?.n ?? 0;
}

/** What was held until now; null when it was not held. */
export function discardHold(vault: VaultReader, message: number, at: number): HoldRow | null {
  const row = removeHold(vault, message);
  if (!row) return null;
  vault
    .sql(
      `INSERT OR REPLACE INTO discarded (message, to_session, reason, held_at, discarded_at, released)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run([message, row.hold_to, row.reason, row.held_at, at, row.released]);
  return row;
}

/** What is held again; null when it was not discarded, or too long ago. */
export function undoDiscard(vault: VaultReader, message: number, now: number): HoldRow | null {
  const back = vault
    .sql(
      `INSERT OR IGNORE INTO hold (message, to_session, reason, held_at, released)
       SELECT message, to_session, reason, held_at, released FROM discarded
       WHERE message = ? AND discarded_at > ?`,
    )
    .run([message, now - UNDO_DISCARD_MS]);
  vault.sql("DELETE FROM discarded WHERE message = ?").run([message]);
  return back.changes === 1 ? holdOf(vault, message) : null;
}

export interface DiscardedRow extends HoldRow {
  readonly discarded_at: number;
}

/** What can still be taken back, the last one first. */
export function discardedHolds(vault: VaultReader, now: number, limit: number): DiscardedRow[] {
  return vault
    .sql(
      `SELECT ${MESSAGE_COLUMNS}, d.reason, d.held_at, d.to_session AS hold_to, NULL AS offered_at,
         NULL AS delivery, d.released, d.discarded_at
       FROM discarded d JOIN message m ON m.seq = d.message
       WHERE d.discarded_at > ? ORDER BY d.discarded_at DESC, m.seq DESC LIMIT ?`,
    )
    .all<DiscardedRow>([now - UNDO_DISCARD_MS, limit]);
}

/** Whether something is held for this label. */
export function isHeldFor(vault: VaultReader, label: string): boolean {
  return (
    vault.sql("SELECT 1 AS yes FROM hold WHERE to_session = ? LIMIT 1").get([label]) !== undefined
  );
}
