import type { MessageRow } from "./mail-table.ts";
import type { VaultReader } from "./vault.ts";

/**
 * Work of the outbox (rule D3): what has to reach the relay, in order per recipient. `envelope` is
 * what is offered again and again once it is committed with its ratchet step. A job that is done
 * is deleted. The changing functions run inside `Vault.write` only.
 */
interface JobBase {
  readonly job: number;
  readonly recipient: string;
  readonly fresh_session: number;
  /** As the outbox keeps it. */
  readonly envelope: Uint8Array | string | null;
  readonly attempts: number;
  readonly next_at: number;
  readonly expires_at: number;
}
/** Its cipher is chosen when it is sealed. */
export interface MailJob extends JobBase, Omit<MessageRow, "suite"> {
  readonly control: null;
}
interface ControlJob extends JobBase {
  readonly seq: null;
  readonly control: string;
}
export type Job = MailJob | ControlJob;

/** How long the relay is tried, in ms (rule D3). */
export const JOB_LIFETIME_MS = 7 * 24 * 3600 * 1000;

export function insertMailJob(
  vault: VaultReader,
  job: { recipient: string; message: number; at: number },
): void {
  vault
    .sql("INSERT INTO job (recipient, message, next_at, expires_at) VALUES (?, ?, ?, ?)")
    .run([job.recipient, job.message, job.at, job.at + JOB_LIFETIME_MS]);
}

export function insertControlJob(
  vault: VaultReader,
  job: { recipient: string; control: string; freshSession: boolean; at: number },
): void {
  vault
    .sql(
      `INSERT INTO job (recipient, control, fresh_session, next_at, expires_at)
       VALUES (?, ?, ?, ?, ?)`,
    )
    .run([job.recipient, job.control, job.freshSession ? 1 : 0, job.at, job.at + JOB_LIFETIME_MS]);
}

/**
 * The recipient's jobs in order, due or not: a later one never overtakes an earlier one.
 * @param taken the ciphertexts up to this job are left out; one that was forgotten is not
 */
export function waitingJobs(
  vault: VaultReader,
  recipient: string,
  limit: number,
  taken = 0,
): Job[] {
  return vault
    .sql(
      `SELECT j.seq AS job, j.recipient, j.control, j.fresh_session, j.envelope, j.attempts, j.next_at,
         j.expires_at, m.seq, m.id, m.direction, m.peer, m.from_session, m.to_session, m.in_reply_to,
         m.role, m.text, m.auto, m.sent_at, m.at, m.asker, m.late
       FROM job j LEFT JOIN message m ON m.seq = j.message
       WHERE j.recipient = ? AND (j.seq > ? OR j.envelope IS NULL) ORDER BY j.seq LIMIT +?`,
    )
    .all<Job>([recipient, taken, limit]);
}

/** Who has waiting jobs, with the time at which the first of them is due. */
export function waitingRecipients(vault: VaultReader): { recipient: string; due: number }[] {
  return vault
    .sql(
      `SELECT recipient, next_at AS due FROM job
       WHERE seq IN (SELECT min(seq) FROM job GROUP BY recipient)`,
    )
    .all<{ recipient: string; due: number }>();
}

/** Messages, not control, that wait for the relay. */
export function waitingCount(vault: VaultReader): number {
  return (
    vault.sql("SELECT count(*) AS n FROM job WHERE message IS NOT NULL").get<{ n: number }>()?.n ??
    0
  );
}

/** False when the job is gone. */
export function jobEncrypted(
  vault: VaultReader,
  job: number,
  envelope: Uint8Array | string,
): boolean {
  return vault.sql("UPDATE job SET envelope = ? WHERE seq = ?").run([envelope, job]).changes === 1;
}

/** Removes a job whose ciphertext the relay took, unless that ciphertext was forgotten meanwhile. */
export function removeSentJob(vault: VaultReader, job: number): void {
  vault.sql("DELETE FROM job WHERE seq = ? AND envelope IS NOT NULL").run([job]);
}

/** False when it was gone already, e.g. cancelled meanwhile. */
export function removeJob(vault: VaultReader, job: number): boolean {
  return vault.sql("DELETE FROM job WHERE seq = ?").run([job]).changes === 1;
}

export function jobDelayed(vault: VaultReader, job: number, nextAt: number): void {
  vault.sql("UPDATE job SET attempts = attempts + 1, next_at = ? WHERE seq = ?").run([nextAt, job]);
}

/** Makes everything due now, e.g. because the relay can be reached again. */
export function hurryJobs(vault: VaultReader, at: number): void {
  vault.sql("UPDATE job SET next_at = ? WHERE next_at > ?").run([at, at]);
}

/** Nothing of the recipient's is due before `until`. */
export function holdJobs(vault: VaultReader, recipient: string, until: number): void {
  vault
    .sql("UPDATE job SET next_at = $until WHERE recipient = $recipient AND next_at < $until")
    .run({ recipient, until });
}

interface WaitingJob {
  readonly job: number;
  /** 1: it was encrypted once, so the relay may have it, whether or not that ciphertext is still kept. */
  readonly may_have_left: number;
}

/** The job of a message, if it still waits. */
export function jobOf(vault: VaultReader, message: number): WaitingJob | null {
  return (
    vault
      .sql(
        `SELECT j.seq AS job, j.envelope IS NOT NULL OR o.envelope_id IS NOT NULL AS may_have_left
         FROM job j LEFT JOIN outgoing o ON o.message = j.message WHERE j.message = ?`,
      )
      .get<WaitingJob>([message]) ?? null
  );
}

/**
 * Ciphertexts of a session that was given up are made anew when their turn comes. Receipts among
 * control messages too; repair requests bring a session of their own.
 */
export function forgetCiphertexts(vault: VaultReader, recipient: string): void {
  vault
    .sql("UPDATE job SET envelope = NULL WHERE recipient = ? AND envelope IS NOT NULL")
    .run([recipient]);
}

/** A repair request to this peer still waits for the relay. */
export function hasRepairJob(vault: VaultReader, recipient: string): boolean {
  return (
    vault
      .sql("SELECT 1 AS yes FROM job WHERE recipient = ? AND fresh_session = 1 LIMIT 1")
      .get([recipient]) !== undefined
  );
}

/** Their new session would replace one that the peer has begun meanwhile. */
export function removeRepairJobs(vault: VaultReader, recipient: string): void {
  vault.sql("DELETE FROM job WHERE recipient = ? AND fresh_session = 1").run([recipient]);
}

/** How long an envelope of a control message is remembered, in ms: longer than a relay keeps it. */
const CONTROL_REMEMBERED_MS = 30 * 24 * 3600 * 1000;
/** More than one, so that they become fewer; few, since after a pause all may be due at once. */
const FORGOTTEN_AT_ONCE = 8;

export function rememberControl(
  vault: VaultReader,
  recipient: string,
  envelopeId: string,
  at: number,
): void {
  vault
    .sql(
      `DELETE FROM control_sent WHERE envelope_id IN
         (SELECT envelope_id FROM control_sent WHERE at < ? ORDER BY at LIMIT +?)`,
    )
    .run([at - CONTROL_REMEMBERED_MS, FORGOTTEN_AT_ONCE]);
  vault
    .sql("INSERT INTO control_sent (envelope_id, peer, at) VALUES (?, ?, ?)")
    .run([envelopeId, recipient, at]);
}

export function isControlSent(vault: VaultReader, recipient: string, envelopeId: string): boolean {
  return (
    vault
      .sql("SELECT 1 AS yes FROM control_sent WHERE envelope_id = ? AND peer = ?")
      .get([envelopeId, recipient]) !== undefined
  );
}
