import { type Bounds, senderShare } from "../sender-share.ts";
import { type Delivery, type StoredOutcome, type StoredPage, TOMBSTONE_MS } from "../store.ts";
import type { ShareCounts } from "./share-counts.ts";
import type { Sql } from "./sql.ts";

/**
 * Mailboxes, and the ids that may not come again (rule D2). Calls belong inside a transaction.
 * @param options.mustWait it is not stored, whatever room there is
 */
export function putEnvelope(
  sql: Sql,
  shares: ShareCounts,
  delivery: Delivery,
  { bounds, now, mustWait }: { bounds: Bounds; now: number; mustWait: boolean },
): StoredOutcome {
  const { mailbox, sender, envelope } = delivery;
  const key = [mailbox, sender, envelope.id];
  const known = "SELECT 1 AS n FROM known_envelope WHERE mailbox = ? AND sender = ? AND id = ?";
  if (sql.get(known, key)) return "known";
  if (mustWait) return "full";
  const json = JSON.stringify(envelope);
  const filled = sql.get<{ envelopes: number; size: number }>(
    "SELECT envelopes, size FROM mailbox WHERE id = ?",
    [mailbox],
  ) ?? { envelopes: 0, size: 0 };
  if (filled.envelopes >= bounds.limit || filled.size + json.length > bounds.size) return "full";
  if (exceedsShare(shares, delivery, filled, json.length, senderShare(bounds))) return "full";
  sql.run("INSERT INTO known_envelope (mailbox, sender, id) VALUES (?, ?, ?)", key);
  sql.run("INSERT INTO envelope (mailbox, sender, id, json, stored_at) VALUES (?, ?, ?, ?, ?)", [
    ...key,
    json,
    now,
  ]);
  shares.added(mailbox, sender, Buffer.byteLength(json));
  return "stored";
}

/** What one sender has is counted only where the whole mailbox holds as much as a sender may. */
function exceedsShare(
  shares: ShareCounts,
  { mailbox, sender }: Delivery,
  filled: { envelopes: number; size: number },
  size: number,
  share: Bounds,
): boolean {
  if (filled.envelopes >= share.limit && shares.envelopes(mailbox, sender) >= share.limit) {
    return true;
  }
  return filled.size + size > share.size && shares.size(mailbox, sender) + size > share.size;
}

/** More than come with one call, and few: after a pause all may be due at once. */
const FORGOTTEN_AT_ONCE = 200;

/** Forgets some of the ids whose time is over; the rest with the next call. */
export function forgetOld(sql: Sql, now: number): void {
  sql.run(
    `DELETE FROM known_envelope WHERE (mailbox, sender, id) IN
       (SELECT mailbox, sender, id FROM known_envelope
        WHERE forget_at IS NOT NULL AND forget_at <= ? ORDER BY forget_at LIMIT +?)`,
    [now, FORGOTTEN_AT_ONCE],
  );
}

/** Drops some of what was stored up to `before`, as its owner would; the rest with the next call. */
export function dropOld(sql: Sql, shares: ShareCounts, before: number, now: number): void {
  // Sequence goes with time: the oldest are the first, and no index over times is needed.
  const first = sql.all<{ seq: number; mailbox: string; sender: string; id: string; at: number }>(
    "SELECT seq, mailbox, sender, id, stored_at AS at FROM envelope ORDER BY seq LIMIT 100",
  );
  for (const { seq, mailbox, sender, id, at } of first) {
    if (at > before) continue;
    const known =
      "UPDATE known_envelope SET forget_at = ? WHERE mailbox = ? AND sender = ? AND id = ?";
    sql.run(known, [now + TOMBSTONE_MS, mailbox, sender, id]);
    sql.run("DELETE FROM envelope WHERE seq = ?", [seq]);
    shares.forget(mailbox);
  }
}

export function readEnvelopes(
  sql: Sql,
  mailbox: string,
  page: { limit: number; maxSize: number },
): StoredPage {
  // Sizes first: a page is cut before the texts of what does not fit are read.
  const rows = sql.all<{ seq: number; size: number }>(
    "SELECT seq, length(json) AS size FROM envelope WHERE mailbox = ? ORDER BY seq LIMIT +?",
    [mailbox, page.limit],
  );
  const first = rows[0];
  if (!first) return { texts: [], isCut: false };
  let size = first.size;
  let last = first.seq;
  for (const row of rows.slice(1)) {
    size += row.size;
    if (size > page.maxSize) break;
    last = row.seq;
  }
  const texts = sql
    .all<{ json: string }>(
      "SELECT json FROM envelope WHERE mailbox = ? AND seq <= ? ORDER BY seq LIMIT +?",
      [mailbox, last, page.limit],
    )
    .map((row) => row.json);
  return { texts, isCut: last !== rows.at(-1)?.seq };
}

export function removeEnvelope(sql: Sql, mailbox: string, id: string, now: number): void {
  sql.run(
    `UPDATE known_envelope SET forget_at = ? WHERE mailbox = ? AND id = ? AND sender IN
     (SELECT sender FROM envelope WHERE mailbox = ? AND id = ?)`,
    [now + TOMBSTONE_MS, mailbox, id, mailbox, id],
  );
  sql.run("DELETE FROM envelope WHERE mailbox = ? AND id = ?", [mailbox, id]);
}
