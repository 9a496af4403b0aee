import { JOB_LIFETIME_MS } from "./job-table.ts";
import type { Database } from "./sqlite.ts";

/**
 * After a rescue: messages of ours that had not reached the relay, and whose job was lost, get a new
 * one. Where it is not known what became of a message it is sent once more, which whoever has it
 * drops; one that is too old for that says so. @param now ms since the epoch
 */
export function requeueLost(db: Database, now: number): void {
  const since = now - JOB_LIFETIME_MS;
  const unknown = `FROM message m WHERE m.direction = 'out'
    AND NOT EXISTS (SELECT 1 FROM outgoing o WHERE o.message = m.seq)`;
  db.prepare(
    `INSERT INTO outgoing (message, recipient, ended, ended_at, problem)
     SELECT m.seq, m.peer, 'failed', ?, 'What became of it is not known: its record was damaged'
     ${unknown} AND m.at <= ? AND NOT EXISTS (SELECT 1 FROM job j WHERE j.message = m.seq)`,
  ).run([now, since]);
  db.prepare(`INSERT INTO outgoing (message, recipient) SELECT m.seq, m.peer ${unknown}`).run();
  db.prepare(
    `INSERT INTO job (recipient, message, next_at, expires_at)
     SELECT o.recipient, o.message, ?, m.at + ? FROM outgoing o JOIN message m ON m.seq = o.message
     WHERE m.direction = 'out' AND o.relayed_at IS NULL AND o.ended IS NULL
       AND NOT EXISTS (SELECT 1 FROM job j WHERE j.message = o.message) ORDER BY o.message`,
  ).run([now, JOB_LIFETIME_MS]);
}
