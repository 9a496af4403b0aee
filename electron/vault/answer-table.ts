import { MESSAGE_COLUMNS, type MessageRow } from "./mail-table.ts";
import type { VaultReader } from "./vault.ts";

/**
 * Messages to be answered automatically (rules X1, X2), one job each, and what every attempt came to.
 * The changing functions run inside `Vault.write` only.
 */
export interface AnswerJobRow {
  readonly seq: number;
  readonly message: number;
  readonly answer_id: string;
  readonly label: string | null;
  readonly state: "waiting" | "running" | "answered" | "dropped" | "failed";
  readonly token: string | null;
  readonly attempts: number;
  readonly next_at: number;
  readonly why: string | null;
  /** Who wrote the message, and its id. */
  readonly peer: string;
  readonly message_id: string;
}

/** A message that may be answered automatically, and where it is. */
export interface UnansweredRow extends MessageRow {
  /** Its oldest unread delivery; null when it is in no inbox. */
  readonly inbox_at: number | null;
  readonly inbox_label: string | null;
  /** Somebody read it in one of its inboxes. */
  readonly is_read: number;
  readonly held_at: number | null;
  readonly held_for: string | null;
  readonly held_reason: string | null;
  /** A message of ours that answers it, other than the job's own. */
  readonly is_answered: number;
}

/** Bounded: with thousands of unread messages the oldest come first. */
const MAX_CANDIDATES = 500;
const UNANSWERED = `SELECT ${MESSAGE_COLUMNS},
    (SELECT min(delivered_at) FROM delivery WHERE message = m.seq AND read_at IS NULL) AS inbox_at,
    (SELECT label FROM delivery WHERE message = m.seq AND read_at IS NULL ORDER BY id LIMIT 1)
      AS inbox_label,
    EXISTS (SELECT 1 FROM delivery WHERE message = m.seq AND read_at IS NOT NULL) AS is_read,
    h.held_at, h.to_session AS held_for, h.reason AS held_reason,
    EXISTS (SELECT 1 FROM message r WHERE r.in_reply_to = m.id AND r.direction <> 'in'
      AND r.peer = m.peer AND r.seq > m.seq
      AND r.id <> coalesce((SELECT answer_id FROM answer_job WHERE message = m.seq), '')) AS is_answered
  FROM message m LEFT JOIN hold h ON h.message = m.seq`;

/**
 * Mail in inboxes and holds that nobody read and no job is about, oldest first; no automatic mail,
 * which never starts an answer, and none that came before `since`.
 */
export function answerCandidates(vault: VaultReader, since: number): UnansweredRow[] {
  return vault
    .sql(
      `${UNANSWERED} WHERE m.seq IN (
         SELECT message FROM delivery WHERE read_at IS NULL UNION SELECT message FROM hold)
       AND m.direction <> 'out' AND m.auto = 0 AND m.at >= ?
       AND NOT EXISTS (SELECT 1 FROM answer_job WHERE message = m.seq)
       ORDER BY m.seq LIMIT ${MAX_CANDIDATES}`,
    )
    .all<UnansweredRow>([since]);
}

export function unanswered(vault: VaultReader, message: number): UnansweredRow | null {
  return vault.sql(`${UNANSWERED} WHERE m.seq = ?`).get<UnansweredRow>([message]) ?? null;
}

export function insertAnswerJob(
  vault: VaultReader,
  job: { message: number; answerId: string; label: string | null; at: number },
): void {
  vault
    .sql(
      `INSERT OR IGNORE INTO answer_job (message, answer_id, label, state, next_at, created_at)
       VALUES (?, ?, ?, 'waiting', ?, ?)`,
    )
    .run([job.message, job.answerId, job.label, job.at, job.at]);
}

const JOB_COLUMNS = `j.seq, j.message, j.answer_id, j.label, j.state, j.token, j.attempts, j.next_at,
  j.why, m.peer, m.id AS message_id`;
const JOBS = "answer_job j JOIN message m ON m.seq = j.message";
const JOB = `SELECT ${JOB_COLUMNS} FROM ${JOBS}`;
/** Of one sender's messages that wait, so many are looked at: a flood keeps nobody else waiting. */
const MAX_OF_PEER = 20;

/** Oldest first. */
export function answerJobs(
  vault: VaultReader,
  state: AnswerJobRow["state"],
  limit: number,
): AnswerJobRow[] {
  return vault
    .sql(`${JOB} WHERE j.state = ? ORDER BY j.seq LIMIT +?`)
    .all<AnswerJobRow>([state, limit]);
}

/** Those that wait, by turns of their senders, each sender's oldest first. */
export function nextAnswerJobs(vault: VaultReader, limit: number): AnswerJobRow[] {
  return vault
    .sql(
      `SELECT * FROM (SELECT ${JOB_COLUMNS},
           row_number() OVER (PARTITION BY m.peer ORDER BY j.seq) AS turn
         FROM ${JOBS} WHERE j.state = 'waiting')
       WHERE turn <= ${MAX_OF_PEER} ORDER BY turn, seq LIMIT +?`,
    )
    .all<AnswerJobRow>([limit]);
}

export function answerJob(vault: VaultReader, seq: number): AnswerJobRow | null {
  return vault.sql(`${JOB} WHERE j.seq = ?`).get<AnswerJobRow>([seq]) ?? null;
}

export function answerJobOf(vault: VaultReader, token: string): AnswerJobRow | null {
  return vault.sql(`${JOB} WHERE j.token = ?`).get<AnswerJobRow>([token]) ?? null;
}

export function answerJobCount(vault: VaultReader, state: AnswerJobRow["state"]): number {
  const row = vault
    .sql("SELECT count(*) AS n FROM answer_job WHERE state = ?")
    .get<{ n: number }>([state]);
  return row?.n ?? 0;
}

/** It begins: a new token makes every earlier one worthless. */
export function beginAnswer(
  vault: VaultReader,
  run: { job: number; token: string; at: number; reserveUsd: number },
): number {
  vault
    .sql(
      "UPDATE answer_job SET state = 'running', token = ?, attempts = attempts + 1 WHERE seq = ?",
    )
    .run([run.token, run.job]);
  const { lastInsertRowid } = vault
    .sql("INSERT INTO answer_run (job, started_at, cost_usd) VALUES (?, ?, ?)")
    .run([run.job, run.at, run.reserveUsd]);
  return Number(lastInsertRowid);
}

/** @param end `costUsd` null: it did not say, so what was reserved for it stays spent */
export function endAnswerRun(
  vault: VaultReader,
  run: number,
  end: { at: number; costUsd: number | null; problem: string | null; output: string | null },
): void {
  vault
    .sql(
      `UPDATE answer_run SET ended_at = ?, cost_usd = coalesce(?, cost_usd), problem = ?, output = ?
       WHERE id = ?`,
    )
    .run([end.at, end.costUsd, end.problem, end.output, run]);
}

export function answerJobIs(
  vault: VaultReader,
  job: number,
  state: AnswerJobRow["state"],
  { why = null, nextAt }: { why?: string | null; nextAt?: number } = {},
): void {
  vault
    .sql("UPDATE answer_job SET state = ?, why = ?, next_at = coalesce(?, next_at) WHERE seq = ?")
    .run([state, why, nextAt ?? null, job]);
}

/** Waits again as if it had not been tried: at once by a person's wish, or after a stop. */
export function renewAnswerJob(vault: VaultReader, job: number, at: number): void {
  vault
    .sql(
      `UPDATE answer_job SET state = 'waiting', attempts = 0, next_at = ?, why = NULL WHERE seq = ?`,
    )
    .run([at, job]);
}

/** Its last attempt does not count: it was stopped, or cut off. */
export function putBackAnswerJob(vault: VaultReader, job: number, nextAt: number): void {
  vault
    .sql(
      `UPDATE answer_job SET state = 'waiting', attempts = max(0, attempts - 1), next_at = ?
       WHERE seq = ? AND state = 'running'`,
    )
    .run([nextAt, job]);
}

/** What attempts since `since` cost, those under way with the most they can cost. US dollars. */
export function answerCost(vault: VaultReader, since: number): number {
  const row = vault
    .sql("SELECT total(cost_usd) AS usd FROM answer_run WHERE started_at >= ?")
    .get<{ usd: number }>([since]);
  return row?.usd ?? 0;
}

/** Attempts to answer a peer since `since`. */
export function answerRunsTo(vault: VaultReader, peer: string, since: number): number {
  const row = vault
    .sql(
      `SELECT count(*) AS n FROM answer_run r JOIN answer_job j ON j.seq = r.job
       JOIN message m ON m.seq = j.message WHERE r.started_at >= ? AND m.peer = ?`,
    )
    .get<{ n: number }>([since, peer]);
  return row?.n ?? 0;
}

/** Automatic answers of a label in one conversation since it last wrote in it itself. */
export function automaticInARow(
  vault: VaultReader,
  conversation: { peer: string; label: string | null; theirSession: string | null; since: number },
): number {
  const row = vault
    .sql(
      `SELECT count(*) AS n FROM message
       WHERE from_session IS $label AND direction <> 'in' AND peer = $peer AND auto = 1
         AND to_session IS $theirSession AND at >= $since
         AND seq > coalesce((SELECT max(seq) FROM message WHERE from_session IS $label
           AND direction <> 'in' AND peer = $peer AND auto = 0), 0)`,
    )
    .get<{ n: number }>(conversation);
  return row?.n ?? 0;
}

/** What the last attempt of a job that ended badly left. */
export function lastAnswerRun(
  vault: VaultReader,
  job: number,
): { problem: string | null; output: string | null } | null {
  return (
    vault
      .sql(
        `SELECT problem, output FROM answer_run WHERE job = ? AND ended_at IS NOT NULL
         ORDER BY id DESC LIMIT 1`,
      )
      .get<{ problem: string | null; output: string | null }>([job]) ?? null
  );
}

/** Forgets what ended before `before`, and of failures all but the newest `keepFailed`. */
export function tidyAnswers(vault: VaultReader, before: number, keepFailed: number): void {
  const old = `SELECT seq FROM answer_job WHERE (state IN ('answered', 'dropped') AND created_at < $before)
    OR (state = 'failed' AND seq NOT IN
      (SELECT seq FROM answer_job WHERE state = 'failed' ORDER BY seq DESC LIMIT $keepFailed))`;
  // Of a message that is still unread the job stays: it says that it was dealt with.
  const unread = `SELECT seq FROM answer_job j WHERE EXISTS
    (SELECT 1 FROM delivery d WHERE d.message = j.message AND d.read_at IS NULL)
    OR EXISTS (SELECT 1 FROM hold h WHERE h.message = j.message)`;
  const gone = `SELECT seq FROM (${old}) WHERE seq NOT IN (${unread})`;
  vault.sql(`DELETE FROM answer_run WHERE job IN (${gone})`).run({ before, keepFailed });
  vault.sql(`DELETE FROM answer_job WHERE seq IN (${gone})`).run({ before, keepFailed });
}
