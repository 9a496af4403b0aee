import type { VaultReader } from "./vault.ts";

/** What the relay delivered: envelopes known already, and those that could not be decrypted. */
export function isEnvelopeSeen(vault: VaultReader, sender: string, envelopeId: string): boolean {
  return (
    vault
      .sql("SELECT 1 AS yes FROM envelope_seen WHERE sender = ? AND envelope_id = ?")
      .get([sender, envelopeId]) !== undefined
  );
}

/** @param bodyHash of the ciphertext, from `bodyHashOf` */
export function rememberEnvelope(
  vault: VaultReader,
  envelope: { sender: string; id: string; bodyHash: Uint8Array; at: number },
): void {
  vault
    .sql(
      `INSERT OR IGNORE INTO envelope_seen (sender, envelope_id, body_hash, at)
       VALUES (?, ?, ?, ?)`,
    )
    .run([envelope.sender, envelope.id, envelope.bodyHash, envelope.at]);
}

/** Whether this very ciphertext came before, under whatever id. Slow: for the rare doubtful case. */
export function isBodySeen(vault: VaultReader, sender: string, bodyHash: Uint8Array): boolean {
  return (
    vault
      .sql("SELECT 1 AS yes FROM envelope_seen WHERE sender = ? AND body_hash = ?")
      .get([sender, bodyHash]) !== undefined
  );
}

export interface QuarantineRow {
  readonly sender: string;
  readonly envelopeId: string;
  readonly reason: string;
  /** The envelope's JSON as it came. */
  readonly envelope: string;
  readonly at: number;
  /** False: it was read and is no message of ours; sending it again would change nothing. */
  readonly repairable: boolean;
}

export function quarantine(vault: VaultReader, row: QuarantineRow): void {
  vault
    .sql(
      `INSERT OR IGNORE INTO quarantine (sender, envelope_id, reason, envelope, at, state)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run([
      row.sender,
      row.envelopeId,
      row.reason,
      row.envelope,
      row.at,
      row.repairable ? "open" : "lost",
    ]);
}

/** Envelopes that nothing has made good yet. */
export function quarantineCount(vault: VaultReader): number {
  return vault.sql("SELECT count(*) AS n FROM quarantine").get<{ n: number }>()?.n ?? 0;
}

/** Who sent what could not be decrypted, and was not asked about it or has not answered. */
export function peersToRepair(vault: VaultReader): string[] {
  return vault
    .sql("SELECT DISTINCT sender FROM quarantine WHERE state IN ('open', 'asked')")
    .all<{ sender: string }>()
    .map((row) => row.sender);
}

export function envelopesToRepair(vault: VaultReader, sender: string, limit: number): string[] {
  return vault
    .sql(
      `SELECT envelope_id AS id FROM quarantine WHERE sender = ? AND state IN ('open', 'asked')
       ORDER BY at LIMIT ?`,
    )
    .all<{ id: string }>([sender, limit])
    .map((row) => row.id);
}

export function markAsked(vault: VaultReader, sender: string): void {
  vault
    .sql("UPDATE quarantine SET state = 'asked' WHERE sender = ? AND state = 'open'")
    .run([sender]);
}

/** A peer that knows no repair has begun anew: what was asked for will not come again. */
export function giveUpAsked(vault: VaultReader, sender: string): void {
  vault
    .sql("UPDATE quarantine SET state = 'lost' WHERE sender = ? AND state = 'asked'")
    .run([sender]);
}

/** It held no mail, and what it told is told again. */
export function forgetControl(vault: VaultReader, sender: string, envelopeId: string): void {
  vault
    .sql("DELETE FROM quarantine WHERE sender = ? AND envelope_id = ? AND state = 'asked'")
    .run([sender, envelopeId]);
}

/** The sender has it no more, or it was none of its messages. */
export function markLost(vault: VaultReader, sender: string, envelopeId: string): void {
  vault
    .sql(
      "UPDATE quarantine SET state = 'lost' WHERE sender = ? AND envelope_id = ? AND state = 'asked'",
    )
    .run([sender, envelopeId]);
}

/** How long an announcement is remembered, in ms: longer than a relay keeps an envelope. */
const RESENT_REMEMBERED_MS = 30 * 24 * 3600 * 1000;

/** The sender announced that what was in an envelope comes once more. */
export function expectResent(
  vault: VaultReader,
  resent: { sender: string; messageId: string; envelopeId: string; at: number },
): void {
  vault
    .sql("INSERT OR IGNORE INTO resent (peer, envelope_id, message_id, at) VALUES (?, ?, ?, ?)")
    .run([resent.sender, resent.envelopeId, resent.messageId, resent.at]);
}

/** Forgets old announcements: once for all that come together, since it looks through what is kept. */
export function forgetResent(vault: VaultReader, now: number): void {
  vault.sql("DELETE FROM resent WHERE at < ?").run([now - RESENT_REMEMBERED_MS]);
}

/** Whether the message was announced as sent again. */
export function isResent(vault: VaultReader, sender: string, messageId: string): boolean {
  return (
    vault
      .sql("SELECT 1 AS yes FROM resent WHERE peer = ? AND message_id = ? LIMIT 1")
      .get([sender, messageId]) !== undefined
  );
}

/** Takes out of quarantine what came again in another envelope. */
export function releaseMadeGood(vault: VaultReader, sender: string): void {
  vault
    .sql(
      `DELETE FROM quarantine WHERE sender = $sender AND envelope_id IN
         (SELECT r.envelope_id FROM resent r JOIN message m
            ON m.peer = r.peer AND m.id = r.message_id AND m.direction = 'in'
          WHERE r.peer = $sender)`,
    )
    .run({ sender });
}
