import type { MessageRow } from "./mail-table.ts";
import type { VaultReader } from "./vault.ts";

/**
 * Outgoing messages on their way to the relay (rule D3). `envelope` is the JSON that is retried: once
 * it is committed with its ratchet step, the same ciphertext goes out until the relay has it.
 */
export interface OutboxRow extends MessageRow {
  readonly state: "queued" | "encrypted";
  readonly envelope: string | null;
  readonly attempts: number;
  readonly next_at: number;
}

export function insertJob(
  vault: VaultReader,
  message: number,
  recipient: string,
  at: number,
): void {
  vault
    .sql("INSERT INTO outbox (message, recipient, state, next_at) VALUES (?, ?, 'queued', ?)")
    .run([message, recipient, at]);
}

/** The recipient's waiting jobs in order, due or not: a later one never overtakes an earlier one. */
export function waitingJobs(vault: VaultReader, recipient: string, limit: number): OutboxRow[] {
  return vault
    .sql(
      `SELECT m.seq, m.id, m.direction, m.peer, m.from_session, m.to_session, m.in_reply_to, m.role,
         m.text, m.auto, m.sent_at, m.at, m.asker, o.state, o.envelope, o.attempts, o.next_at
       FROM outbox o JOIN message m ON m.seq = o.message
       WHERE o.recipient = ? AND o.state IN ('queued', 'encrypted') ORDER BY o.message LIMIT ?`,
    )
    .all<OutboxRow>([recipient, limit]);
}

/** Who has waiting mail, with the time at which the first of it is due. */
export function waitingRecipients(vault: VaultReader): { recipient: string; due: number }[] {
  return vault
    .sql(
      `SELECT o.recipient, o.next_at AS due FROM outbox o
       WHERE o.message IN (SELECT min(message) FROM outbox
                           WHERE state IN ('queued', 'encrypted') GROUP BY recipient)`,
    )
    .all<{ recipient: string; due: number }>();
}

export function waitingCount(vault: VaultReader): number {
  const row = vault
    .sql("SELECT count(*) AS n FROM outbox WHERE state IN ('queued', 'encrypted')")
    .get<{ n: number }>();
  return row?.n ?? 0;
}

export function jobEncrypted(vault: VaultReader, message: number, envelope: string): void {
  vault
    .sql(
      "UPDATE outbox SET state = 'encrypted', envelope = ? WHERE message = ? AND state = 'queued'",
    )
    .run([envelope, message]);
}

export function jobRelayed(vault: VaultReader, message: number, at: number): void {
  vault
    .sql(
      `UPDATE outbox SET state = 'relayed', relayed_at = ?, envelope = NULL, problem = NULL
       WHERE message = ? AND state = 'encrypted'`,
    )
    .run([at, message]);
}

export function jobFailed(vault: VaultReader, message: number, problem: string): void {
  vault
    .sql("UPDATE outbox SET state = 'failed', problem = ?, envelope = NULL WHERE message = ?")
    .run([problem, message]);
}

export function jobDelayed(
  vault: VaultReader,
  message: number,
  nextAt: number,
  problem: string,
): void {
  vault
    .sql("UPDATE outbox SET attempts = attempts + 1, next_at = ?, problem = ? WHERE message = ?")
    .run([nextAt, problem, message]);
}

/** Makes everything due now, e.g. because the relay can be reached again. */
export function hurryJobs(vault: VaultReader, at: number): void {
  vault
    .sql("UPDATE outbox SET next_at = ? WHERE state IN ('queued', 'encrypted') AND next_at > ?")
    .run([at, at]);
}

export function outboxState(
  vault: VaultReader,
  message: number,
): { state: string; problem: string | null } | null {
  return (
    vault
      .sql("SELECT state, problem FROM outbox WHERE message = ?")
      .get<{ state: string; problem: string | null }>([message]) ?? null
  );
}
