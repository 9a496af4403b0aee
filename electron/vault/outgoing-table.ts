import type { ReceiptRung } from "../../shared/envelope/envelope.ts";
import type { LadderStep, Rung } from "../../shared/model/ladder.ts";
import type { Suite } from "../../shared/model/suite.ts";
import { noteActivity } from "./activity-table.ts";
import type { VaultReader } from "./vault.ts";

/**
 * What is known of messages that left for other agents (rule D6): one time per rung, set once. Of mail
 * between sessions of this agent (rule R7) only what its hold and its deliveries tell no longer. The
 * changing functions run inside `Vault.write` only.
 */
export type End = "failed" | "expired" | "refused" | "cancelled";

export interface OutgoingRow {
  readonly message: number;
  readonly recipient: string;
  readonly envelope_id: string | null;
  readonly relayed_at: number | null;
  readonly received_at: number | null;
  readonly held_at: number | null;
  readonly inbox_at: number | null;
  readonly pushed_at: number | null;
  readonly read_at: number | null;
  readonly seen_at: number | null;
  readonly answered_at: number | null;
  readonly label: string | null;
  readonly ended: End | null;
  readonly ended_at: number | null;
  readonly problem: string | null;
}

export function insertOutgoing(vault: VaultReader, message: number, recipient: string): void {
  vault.sql("INSERT INTO outgoing (message, recipient) VALUES (?, ?)").run([message, recipient]);
}

export function outgoing(vault: VaultReader, message: number): OutgoingRow | null {
  return vault.sql("SELECT * FROM outgoing WHERE message = ?").get<OutgoingRow>([message]) ?? null;
}

/** When each rung was reached, in ms, and how it ended. */
export type RungTimes = Pick<OutgoingRow, Extract<keyof OutgoingRow, `${string}_at`> | "ended">;

/** The steps of a message sent at `queuedAt`, lowest first. */
export function stepsOf(row: RungTimes | null, queuedAt: number): LadderStep[] {
  const times: [Rung, number | null][] = [
    ["queued", queuedAt],
    ["relayed", row?.relayed_at ?? null],
    ["received", row?.received_at ?? null],
    ["held", row?.held_at ?? null],
    ["inbox", row?.inbox_at ?? null],
    ["pushed", row?.pushed_at ?? null],
    ["read", row?.read_at ?? null],
    ["seen", row?.seen_at ?? null],
    ["answered", row?.answered_at ?? null],
  ];
  if (row?.ended) times.push([row.ended, row.ended_at]);
  return times.flatMap(([rung, at]) =>
    at === null ? [] : [{ rung, at: new Date(at).toISOString() }],
  );
}

/** How far a message `m` within this agent has come, by the hold and the deliveries that it has. */
export const RUNGS_HERE = {
  held_at: "SELECT held_at FROM hold WHERE message = m.seq",
  inbox_at: "SELECT min(delivered_at) FROM delivery WHERE message = m.seq",
  pushed_at: "SELECT min(pushed_at) FROM delivery WHERE message = m.seq",
  read_at: "SELECT min(read_at) FROM delivery WHERE message = m.seq",
  seen_at: "SELECT min(seen_at) FROM delivery WHERE message = m.seq",
} as const;

const COLUMNS_HERE = Object.keys(RUNGS_HERE);
const KEEP_RUNGS = `INSERT INTO outgoing (message, recipient, ${COLUMNS_HERE.join(", ")})
  SELECT m.seq, m.peer, ${Object.values(RUNGS_HERE)
    .map((time) => `(${time})`)
    .join(", ")}
  FROM message m WHERE m.seq = ? AND m.direction = 'local'
  ON CONFLICT (message) DO UPDATE SET
    ${COLUMNS_HERE.map((column) => `${column} = coalesce(${column}, excluded.${column})`).join(", ")}`;

/**
 * A hold or a delivery is about to go: what it tells of mail between sessions of this agent stays
 * known. Mail that is delivered at once and read, which is most, needs no row.
 */
export function keepRungs(vault: VaultReader, message: number): void {
  vault.sql(KEEP_RUNGS).run([message]);
}

/** A ciphertext was made: the relay and a repair request know the message by this id. */
export function markEncrypted(
  vault: VaultReader,
  message: number,
  envelopeId: string,
  suite: Suite,
): void {
  vault
    .sql("UPDATE outgoing SET envelope_id = ?, suite = ? WHERE message = ?")
    .run([envelopeId, suite, message]);
}

export function markRelayed(vault: VaultReader, message: number, at: number): void {
  vault
    .sql(
      "UPDATE outgoing SET relayed_at = coalesce(relayed_at, ?), problem = NULL WHERE message = ?",
    )
    .run([at, message]);
}

/** Why it waits; null clears it. */
export function markProblem(vault: VaultReader, message: number, problem: string): void {
  vault.sql("UPDATE outgoing SET problem = ? WHERE message = ?").run([problem, message]);
}

export function markEnded(
  vault: VaultReader,
  message: number,
  end: End,
  problem: string | null,
  at: number,
): void {
  vault
    .sql("UPDATE outgoing SET ended = ?, ended_at = ?, problem = ? WHERE message = ?")
    .run([end, at, problem, message]);
  const row = vault
    .sql("SELECT id, peer, to_session AS label FROM message WHERE seq = ?")
    .get<{ id: string; peer: string; label: string | null }>([message]);
  if (!row) return;
  const { id, peer, label } = row;
  noteActivity(vault, { at, kind: "ended", peer, label, message: id, why: end });
}

export function markAnswered(vault: VaultReader, message: number, at: number): void {
  vault
    .sql("UPDATE outgoing SET answered_at = coalesce(answered_at, ?) WHERE message = ?")
    .run([at, message]);
}

const RUNG_COLUMNS = {
  received: "received_at",
  held: "held_at",
  inbox: "inbox_at",
  pushed: "pushed_at",
  read: "read_at",
  seen: "seen_at",
} as const;

/**
 * What a peer says of a message sent to it. A time once set stays: a receipt that comes late or twice
 * takes nothing back. Whatever the peer reports, it has received the message. Of several sessions that
 * have it the one is named that brought it this far first; unread mail may still go to another.
 */
export function markReceipt(
  vault: VaultReader,
  message: number,
  rung: ReceiptRung,
  at: number,
  label: string | null,
): void {
  if (rung === "refused") {
    vault
      .sql(
        `UPDATE outgoing SET received_at = coalesce(received_at, ?), ended = 'refused', ended_at = ?,
           problem = 'The other side takes no such mail at the moment' WHERE message = ?`,
      )
      .run([at, at, message]);
    return;
  }
  const column = RUNG_COLUMNS[rung];
  const until = rung === "inbox" ? RUNG_COLUMNS.read : column;
  vault
    .sql(
      `UPDATE outgoing SET received_at = coalesce(received_at, $at), ${column} = coalesce(${column}, $at),
         label = iif(label IS NULL OR ${until} IS NULL, coalesce($label, label), label) WHERE message = $message`,
    )
    .run({ at, label, message });
}

/** To whom there are messages that the relay took and the peer has not confirmed. */
export function unconfirmedPeers(vault: VaultReader): string[] {
  return vault
    .sql(
      `SELECT DISTINCT recipient FROM outgoing
       WHERE relayed_at IS NOT NULL AND received_at IS NULL AND ended IS NULL`,
    )
    .all<{ recipient: string }>()
    .map((row) => row.recipient);
}

export interface UnconfirmedRow {
  readonly message: number;
  readonly id: string;
  readonly envelope_id: string | null;
}

/** Messages the relay took since then and the peer has not confirmed, oldest first. */
export function unconfirmed(
  vault: VaultReader,
  recipient: string,
  since: number,
  limit: number,
): UnconfirmedRow[] {
  return vault
    .sql(
      `SELECT o.message, m.id, o.envelope_id FROM outgoing o JOIN message m ON m.seq = o.message
       WHERE o.recipient = ? AND o.relayed_at IS NOT NULL AND o.received_at IS NULL
         AND o.relayed_at >= ? AND o.ended IS NULL ORDER BY o.message LIMIT ?`,
    )
    .all<UnconfirmedRow>([recipient, since, limit]);
}

/** Those of the named envelopes' messages that the peer has not confirmed, however old, oldest first. */
export function unconfirmedIn(
  vault: VaultReader,
  recipient: string,
  envelopes: readonly string[],
): UnconfirmedRow[] {
  return vault
    .sql(
      `SELECT o.message, m.id, o.envelope_id FROM outgoing o JOIN message m ON m.seq = o.message
       WHERE o.recipient = ? AND o.relayed_at IS NOT NULL AND o.received_at IS NULL
         AND o.ended IS NULL AND o.envelope_id IN (SELECT value FROM json_each(?))
       ORDER BY o.message`,
    )
    .all<UnconfirmedRow>([recipient, JSON.stringify(envelopes)]);
}
