import type { Suite } from "../../shared/model/suite.ts";
import { keepRungs } from "./outgoing-table.ts";
import type { SqliteParams } from "./sqlite.ts";
import type { VaultReader } from "./vault.ts";

/** Messages and their deliveries. The changing functions run inside `Vault.write` only. */
export interface NewMessage {
  readonly id: string;
  readonly direction: "in" | "out" | "local";
  readonly peer: string;
  readonly fromSession: string | null;
  readonly toSession: string | null;
  readonly inReplyTo: string | null;
  readonly role: "user" | "agent";
  readonly text: string;
  readonly auto: boolean;
  readonly sentAt: string | null;
  readonly at: number;
  readonly asker: string | null;
  /** Sent again after a repair: out of its sender's order. */
  readonly late: boolean;
  /** The cipher it came in; null for mail inside one agent, and for mail not encrypted yet. */
  readonly suite: Suite | null;
}

export interface MessageRow {
  readonly seq: number;
  readonly id: string;
  readonly direction: "in" | "out" | "local";
  readonly peer: string;
  readonly from_session: string | null;
  readonly to_session: string | null;
  readonly in_reply_to: string | null;
  readonly role: "user" | "agent";
  readonly text: string;
  readonly auto: number;
  readonly sent_at: string | null;
  readonly at: number;
  readonly asker: string | null;
  readonly late: number;
  readonly suite: Suite | null;
}

export interface DeliveryRow extends MessageRow {
  readonly delivery: number;
  readonly offered_at: number | null;
  readonly read_at: number | null;
  /** A person gave it to this session (rule R5). */
  readonly released: number;
  readonly label: string;
  /** The id of the answer that was sent automatically. */
  readonly auto_answer: string | null;
}

/** Of a message `m`, as a `MessageRow`. The cipher of one that left stands where the rest of its way does. */
export const MESSAGE_COLUMNS = `m.seq, m.id, m.direction, m.peer, m.from_session, m.to_session,
  m.in_reply_to, m.role, m.text, m.auto, m.sent_at, m.at, m.asker, m.late,
  coalesce(m.suite, (SELECT suite FROM outgoing WHERE message = m.seq)) AS suite`;
export const DELIVERED = `SELECT ${MESSAGE_COLUMNS}, d.id AS delivery, d.offered_at, d.read_at, d.released, d.label,
    (SELECT answer_id FROM answer_job WHERE message = m.seq AND state = 'answered') AS auto_answer
  FROM delivery d JOIN message m ON m.seq = d.message`;

/** The new row's `seq`, or null when this message is known already (rule D2). */
export function insertMessage(vault: VaultReader, message: NewMessage): number | null {
  const result = vault
    .sql(
      `INSERT OR IGNORE INTO message
       (id, direction, peer, from_session, to_session, in_reply_to, role, text, auto, sent_at, at, asker, late, suite)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run([
      message.id,
      message.direction,
      message.peer,
      message.fromSession,
      message.toSession,
      message.inReplyTo,
      message.role,
      message.text,
      message.auto ? 1 : 0,
      message.sentAt,
      message.at,
      message.asker,
      message.late ? 1 : 0,
      message.suite,
    ]);
  return result.changes === 1 ? Number(result.lastInsertRowid) : null;
}

/** A message of ours by its id. */
export function sentMessage(vault: VaultReader, id: string): MessageRow | null {
  return one(
    vault,
    `SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.id = ? AND m.direction <> 'in'`,
    [id],
  );
}

/** As much of a message sent to `peer` as its receipts need: thousands of them may come at once. */
export type ReceiptedRow = Pick<MessageRow, "seq" | "at" | "from_session">;

export function sentTo(vault: VaultReader, peer: string, id: string): ReceiptedRow | null {
  return (
    vault
      .sql(
        `SELECT seq, at, from_session FROM message
         WHERE id = ? AND direction <> 'in' AND direction = 'out' AND peer = ?`,
      )
      .get<ReceiptedRow>([id, peer]) ?? null
  );
}

/** The delivery's number, never given before, or null when the label has or had the message. */
export function insertDelivery(
  vault: VaultReader,
  delivery: {
    message: number;
    label: string;
    at: number;
    offeredAt?: number | null;
    released?: boolean;
  },
): number | null {
  vault
    .sql(
      `UPDATE sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(id), 0) FROM delivery)) + 1
       WHERE name = 'delivery'`,
    )
    .run();
  const result = vault
    .sql(
      `INSERT INTO delivery (id, message, label, delivered_at, offered_at, released)
       VALUES ((SELECT seq FROM sqlite_sequence WHERE name = 'delivery'), ?, ?, ?, ?, ?)
       ON CONFLICT (message, label) DO NOTHING`,
    )
    .run([
      delivery.message,
      delivery.label,
      delivery.at,
      delivery.offeredAt ?? null,
      delivery.released ? 1 : 0,
    ]);
  return result.changes === 1 ? Number(result.lastInsertRowid) : null;
}

export function removeDelivery(
  vault: VaultReader,
  { delivery, seq }: Pick<DeliveryRow, "delivery" | "seq">,
): void {
  keepRungs(vault, seq);
  vault.sql("DELETE FROM delivery WHERE id = ?").run([delivery]);
}

/** A session goes by another label: its unread mail goes with it. */
export function moveUnread(vault: VaultReader, from: string, to: string): void {
  vault
    .sql("UPDATE OR IGNORE delivery SET label = ? WHERE label = ? AND read_at IS NULL")
    .run([to, from]);
}

/** The harness session goes by another id: answers to what it asked go on finding it (rule S6). */
export function renameAsker(vault: VaultReader, from: string, to: string): void {
  vault.sql("UPDATE message SET asker = ? WHERE asker = ?").run([to, from]);
}

/**
 * Whether a session sent something since `since` that was not answered yet; null: one that is known by
 * its label alone.
 */
export function hasUnanswered(
  vault: VaultReader,
  harnessSessionId: string | null,
  label: string,
  since: number,
): boolean {
  // Each by an index of its own: `IS` with a parameter would go by the label alone.
  const isAsker = harnessSessionId === null ? "m.asker IS NULL" : "m.asker = $asker";
  return (
    vault
      .sql(
        `SELECT 1 AS yes FROM message m
         WHERE m.from_session = $label AND m.direction <> 'in' AND ${isAsker} AND m.at >= $since
           AND NOT EXISTS (SELECT 1 FROM message r WHERE r.in_reply_to = m.id
                           AND r.direction <> 'out' AND r.peer = m.peer) LIMIT 1`,
      )
      .get({ label, since, ...(harnessSessionId !== null && { asker: harnessSessionId }) }) !==
    undefined
  );
}

export function unreadDeliveries(vault: VaultReader, label: string, limit: number): DeliveryRow[] {
  return vault
    .sql(`${DELIVERED} WHERE d.label = ? AND d.read_at IS NULL ORDER BY d.message LIMIT +?`)
    .all<DeliveryRow>([label, limit]);
}

/** Unread mail of a label from one peer, oldest first. */
export function unreadFrom(vault: VaultReader, label: string, peer: string): DeliveryRow[] {
  return vault
    .sql(
      `${DELIVERED} WHERE d.label = ? AND d.read_at IS NULL AND m.peer = ? ORDER BY d.message LIMIT 50`,
    )
    .all<DeliveryRow>([label, peer]);
}

/** What was delivered to a label in answer to a message, oldest first, read or not. */
export function deliveredReplies(
  vault: VaultReader,
  label: string,
  inReplyTo: string,
): DeliveryRow[] {
  return vault
    .sql(
      `${DELIVERED} WHERE m.in_reply_to = ? AND d.label = ? AND m.direction <> 'out'
       ORDER BY d.message LIMIT 50`,
    )
    .all<DeliveryRow>([inReplyTo, label]);
}

/** The first answer of a peer to a message of ours, wherever it is: in an inbox, held, or discarded. */
export function answerTo(vault: VaultReader, id: string, peer: string): DeliveryRow | null {
  const row = vault
    .sql(
      `SELECT ${MESSAGE_COLUMNS}, d.id AS delivery, d.offered_at, d.read_at, coalesce(d.released, 0) AS released,
         d.label
       FROM message m LEFT JOIN delivery d ON d.message = m.seq
       WHERE m.in_reply_to = ? AND m.peer = ? AND m.direction <> 'out' ORDER BY m.seq, d.id LIMIT 1`,
    )
    .get<DeliveryRow>([id, peer]);
  return row ?? null;
}

export function markOffered(vault: VaultReader, delivery: number, at: number): void {
  vault.sql("UPDATE delivery SET offered_at = ? WHERE id = ?").run([at, delivery]);
}

/** The message, when the delivery was unread and belongs to the label. */
export function markRead(
  vault: VaultReader,
  delivery: number,
  label: string,
  at: number,
): Pick<MessageRow, "id" | "direction" | "peer"> | null {
  const result = vault
    .sql("UPDATE delivery SET read_at = ? WHERE id = ? AND label = ? AND read_at IS NULL")
    .run([at, delivery, label]);
  if (result.changes === 0) return null;
  const row = vault
    .sql(
      `SELECT m.id, m.direction, m.peer FROM delivery d JOIN message m ON m.seq = d.message
       WHERE d.id = ?`,
    )
    .get<Pick<MessageRow, "id" | "direction" | "peer">>([delivery]);
  return row ?? null;
}

export function unreadCounts(vault: VaultReader): Map<string, number> {
  const rows = vault
    .sql("SELECT label, count(*) AS n FROM delivery WHERE read_at IS NULL GROUP BY label")
    .all<{ label: string; n: number }>();
  return new Map(rows.map((row) => [row.label, row.n]));
}

export function unreadCount(vault: VaultReader, label: string): number {
  const row = vault
    .sql("SELECT count(*) AS n FROM delivery WHERE label = ? AND read_at IS NULL")
    .get<{ n: number }>([label]);
  return row?.n ?? 0;
}

export interface ConversationRow extends MessageRow {
  readonly delivery_read_at: number | null;
}

/** Which of a label's mail: all of it where nothing is named. */
export interface ConversationFilter {
  /** The other agent; for mail within one agent, that agent itself. */
  readonly peer?: string | undefined;
  /** The other session; null: mail that names none. */
  readonly other?: string | null | undefined;
  readonly unread?: boolean | undefined;
}

/** A label's mail, newest first: what was delivered to it and what it sent, below `before`. */
export function conversation(
  vault: VaultReader,
  label: string,
  before: number,
  limit: number,
  filter: ConversationFilter = {},
): ConversationRow[] {
  const { peer, other, unread } = filter;
  const from = [
    ...(peer === undefined ? [] : ["AND m.peer = $peer"]),
    ...(other === undefined ? [] : ["AND m.from_session IS $other"]),
    ...(unread ? ["AND d.read_at IS NULL"] : []),
  ].join(" ");
  const to = [
    ...(peer === undefined ? [] : ["AND peer = $peer"]),
    ...(other === undefined ? [] : ["AND to_session IS $other"]),
    ...(unread ? ["AND 0"] : []),
  ].join(" ");
  // Without a filter the delivery alone says enough: no message is looked at before the page is known.
  const received =
    peer === undefined && other === undefined
      ? "delivery d"
      : "delivery d CROSS JOIN message m ON m.seq = d.message";
  return vault
    .sql(
      `WITH page AS (
         SELECT seq FROM (SELECT d.message AS seq FROM ${received}
                          WHERE d.label = $label AND d.message < $before ${from}
                          ORDER BY d.message DESC LIMIT $limit)
         UNION
         SELECT seq FROM (SELECT seq FROM message WHERE from_session = $label AND direction <> 'in'
                          AND seq < $before ${to} ORDER BY seq DESC LIMIT $limit)
         ORDER BY seq DESC LIMIT $limit
       )
       SELECT ${MESSAGE_COLUMNS}, mine.read_at AS delivery_read_at
       FROM page JOIN message m ON m.seq = page.seq
       LEFT JOIN delivery mine ON mine.message = m.seq AND mine.label = $label
       ORDER BY m.seq DESC`,
    )
    .all<ConversationRow>({
      ...{ label, before, limit },
      ...(peer !== undefined && { peer }),
      ...(other !== undefined && { other }),
    });
}

/** One message of a label's mail without its text, for telling its conversations apart. */
export interface TurnRow {
  readonly seq: number;
  readonly direction: "in" | "out" | "local";
  readonly peer: string;
  readonly from_session: string | null;
  readonly to_session: string | null;
  readonly at: number;
  readonly start: string;
  /** Delivered to this label, and not read. */
  readonly unread: number;
}

const START_LENGTH = 200;

/** The newest `limit` of a label's mail, newest first. */
export function turns(vault: VaultReader, label: string, limit: number): TurnRow[] {
  return vault
    .sql(
      `WITH page AS (
         SELECT seq FROM (SELECT message AS seq FROM delivery WHERE label = $label
                          ORDER BY message DESC LIMIT $limit)
         UNION
         SELECT seq FROM (SELECT seq FROM message WHERE from_session = $label AND direction <> 'in'
                          ORDER BY seq DESC LIMIT $limit)
         ORDER BY seq DESC LIMIT $limit
       )
       SELECT m.seq, m.direction, m.peer, m.from_session, m.to_session, m.at,
         substr(m.text, 1, ${START_LENGTH}) AS start,
         mine.id IS NOT NULL AND mine.read_at IS NULL AS unread
       FROM page JOIN message m ON m.seq = page.seq
       LEFT JOIN delivery mine ON mine.message = m.seq AND mine.label = $label
       ORDER BY m.seq DESC`,
    )
    .all<TurnRow>({ label, limit });
}

/** Every label that was ever delivered to, and when it was last, in ms; label by label, not row by row. */
export function labelsWithMail(vault: VaultReader): { label: string; last: number }[] {
  return vault
    .sql(
      `WITH RECURSIVE known (label) AS (
         SELECT min(label) FROM delivery
         UNION ALL
         SELECT (SELECT min(label) FROM delivery WHERE label > known.label) FROM known
         WHERE known.label IS NOT NULL
       )
       SELECT label, (SELECT delivered_at FROM delivery d WHERE d.label = known.label
                      ORDER BY message DESC LIMIT 1) AS last
       FROM known WHERE label IS NOT NULL`,
    )
    .all<{ label: string; last: number }>();
}

function one(vault: VaultReader, sql: string, params: SqliteParams): MessageRow | null {
  return vault.sql(sql).get<MessageRow>(params) ?? null;
}
