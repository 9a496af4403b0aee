import { DELIVERED, type DeliveryRow, type MessageRow } from "./mail-table.ts";
import type { VaultReader } from "./vault.ts";

/**
 * How unread mail was offered to a session, by channel, hook or wake, and whether it was seen in the
 * session's transcript (rule D6). The changing functions run inside `Vault.write` only.
 */
export function unpushed(vault: VaultReader, label: string, limit: number): DeliveryRow[] {
  return vault
    .sql(
      `${DELIVERED} WHERE d.label = ? AND d.read_at IS NULL AND d.pushed_at IS NULL
       ORDER BY d.message LIMIT +?`,
    )
    .all<DeliveryRow>([label, limit]);
}

/**
 * Unread mail that no hook offered yet; what a channel pushed, or a session was woken for, after these
 * times is on its way.
 */
export function unhooked(
  vault: VaultReader,
  label: string,
  { pushedBefore, wokenBefore }: { pushedBefore: number; wokenBefore: number },
  limit: number,
): DeliveryRow[] {
  return vault
    .sql(
      `${DELIVERED} WHERE d.label = ? AND d.read_at IS NULL AND d.hooked_at IS NULL
         AND (d.pushed_at IS NULL OR coalesce(d.woken_at <= ?, d.pushed_at <= ?))
       ORDER BY d.message LIMIT +?`,
    )
    .all<DeliveryRow>([label, wokenBefore, pushedBefore, limit]);
}

/**
 * Unread mail that a session may be woken for: no hook brought it, it woke nobody before, and it is no
 * automatic answer, or two agents could keep each other awake.
 */
export function unwoken(
  vault: VaultReader,
  label: string,
  pushedBefore: number,
  limit: number,
): DeliveryRow[] {
  return vault
    .sql(
      `${DELIVERED} WHERE d.label = ? AND d.read_at IS NULL AND d.hooked_at IS NULL
         AND d.woken_at IS NULL AND m.auto = 0 AND (d.pushed_at IS NULL OR d.pushed_at <= ?)
       ORDER BY d.message LIMIT +?`,
    )
    .all<DeliveryRow>([label, pushedBefore, limit]);
}

/** How the session came to have these messages, which stand in a prompt of it. */
export function cameBy(
  vault: VaultReader,
  label: string,
  ids: readonly string[],
): { channel: boolean; wake: boolean } {
  const rows = vault
    .sql(
      `SELECT d.woken_at IS NOT NULL AS woken, d.hook_offers AS hooks FROM delivery d
       JOIN message m ON m.seq = d.message
       WHERE d.label = ? AND d.pushed_at IS NOT NULL AND m.id IN (SELECT value FROM json_each(?))`,
    )
    .all<{ woken: number; hooks: number }>([label, JSON.stringify(ids)]);
  return {
    channel: rows.some(({ woken, hooks }) => woken === 0 && hooks === 0),
    wake: rows.some(({ woken }) => woken === 1),
  };
}

/** What a hook handed over once, between the two times, and the transcript does not show. */
export function neverSeen(
  vault: VaultReader,
  label: string,
  times: { after: number; before: number },
  limit: number,
): DeliveryRow[] {
  return vault
    .sql(
      `${DELIVERED} WHERE d.label = ? AND d.seen_at IS NULL AND d.pushed_at IS NOT NULL
         AND d.hook_offers = 1 AND d.hooked_at > ? AND d.hooked_at <= ? ORDER BY d.message LIMIT +?`,
    )
    .all<DeliveryRow>([label, times.after, times.before, limit]);
}

export interface Pushed {
  readonly delivery: number;
  /** All of the text was in it. */
  readonly whole: boolean;
  readonly by: "channel" | "hook" | "wake";
}

/** The message, when this was the first time that it was pushed. */
export function markPushed(
  vault: VaultReader,
  { delivery, whole, by }: Pushed,
  label: string,
  at: number,
): Told | null {
  const hook = by === "hook" ? 1 : 0;
  const wake = by === "wake" ? 1 : 0;
  const first = vault
    .sql("SELECT pushed_at IS NULL AS first FROM delivery WHERE id = ? AND label = ?")
    .get<{ first: number }>([delivery, label]);
  if (!first) return null;
  vault
    .sql(
      `UPDATE delivery SET pushed_at = coalesce(pushed_at, $at),
         pushed_whole = max(pushed_whole, $whole), hook_offers = hook_offers + $hook,
         hooked_at = CASE $hook WHEN 1 THEN $at ELSE hooked_at END,
         woken_at = CASE $wake WHEN 1 THEN $at ELSE woken_at END WHERE id = $delivery`,
    )
    .run({ at, whole: whole ? 1 : 0, hook, wake, delivery });
  return first.first === 1 ? messageOf(vault, delivery) : null;
}

export interface Unseen {
  readonly delivery: number;
  /** The message's id, its sender's own, and who that is. */
  readonly id: string;
  readonly peer: string;
  readonly isWhole: boolean;
  readonly isRead: boolean;
  /** Nothing but a channel can have brought it. */
  readonly byChannel: boolean;
}

type UnseenRow = Pick<Unseen, "delivery" | "id" | "peer"> & {
  whole: number;
  read: number;
  channel: number;
};

/** The newest deliveries that were handed out since `since` and not seen yet. */
export function unseen(vault: VaultReader, label: string, since: number, limit: number): Unseen[] {
  return vault
    .sql(
      `SELECT d.id AS delivery, m.id, m.peer, d.pushed_whole AS whole, d.read_at IS NOT NULL AS read,
         d.read_at IS NULL AND d.offered_at IS NULL AND d.hook_offers = 0
           AND d.woken_at IS NULL AS channel
       FROM delivery d JOIN message m ON m.seq = d.message
       WHERE d.label = ? AND d.seen_at IS NULL AND (d.pushed_at IS NOT NULL OR d.read_at IS NOT NULL)
         AND max(coalesce(d.pushed_at, 0), coalesce(d.read_at, 0), coalesce(d.hooked_at, 0),
           coalesce(d.woken_at, 0)) >= ?
       ORDER BY d.id DESC LIMIT +?`,
    )
    .all<UnseenRow>([label, since, limit])
    .map(({ whole, read, channel, ...one }) => ({
      ...one,
      isWhole: whole === 1,
      isRead: read === 1,
      byChannel: channel === 1,
    }));
}

/** The message, when it was not known to be seen. */
export function markSeen(
  vault: VaultReader,
  delivery: number,
  label: string,
  at: number,
): Told | null {
  const { changes } = vault
    .sql("UPDATE delivery SET seen_at = ? WHERE id = ? AND label = ? AND seen_at IS NULL")
    .run([at, delivery, label]);
  return changes === 1 ? messageOf(vault, delivery) : null;
}

type Told = Pick<MessageRow, "id" | "direction" | "peer">;

function messageOf(vault: VaultReader, delivery: number): Told | null {
  const row = vault
    .sql(
      `SELECT m.id, m.direction, m.peer FROM delivery d JOIN message m ON m.seq = d.message
       WHERE d.id = ?`,
    )
    .get<Told>([delivery]);
  return row ?? null;
}
