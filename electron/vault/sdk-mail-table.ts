import type { VaultReader } from "./vault.ts";

/**
 * Mail sent with the network's own cipher: under which ids, in which sessions. The changing functions
 * run inside `Vault.write` only.
 */

/** `proven`: sealed with the session's present key, with a former one, or read for all we know. */
const [SAME_KEY, READ, FORMER_KEY] = [0, 1, 2];

/** How long an answer may name an envelope, in ms. */
const REMEMBERED_MS = 30 * 24 * 3600 * 1000;
/** More than one, so that they become fewer; few, since after a pause all may be due at once. */
const FORGOTTEN_AT_ONCE = 8;

export function rememberSdkEnvelope(
  vault: VaultReader,
  sent: { envelopeId: string; message: number; session: string; at: number },
): void {
  vault
    .sql(
      `DELETE FROM sdk_envelope_sent WHERE envelope_id IN
         (SELECT envelope_id FROM sdk_envelope_sent WHERE at < ? ORDER BY at LIMIT +?)`,
    )
    .run([sent.at - REMEMBERED_MS, FORGOTTEN_AT_ONCE]);
  vault
    .sql("INSERT INTO sdk_envelope_sent (envelope_id, message, session, at) VALUES (?, ?, ?, ?)")
    .run([sent.envelopeId, sent.message, sent.session, sent.at]);
}

/** The id of our message to this peer that was in an envelope; null when there is none. */
export function messageOfEnvelope(
  vault: VaultReader,
  peer: string,
  envelopeId: string,
): string | null {
  const row = vault
    .sql(
      `SELECT m.id FROM sdk_envelope_sent e JOIN message m ON m.seq = e.message
       WHERE e.envelope_id = ? AND m.peer = ?`,
    )
    .get<{ id: string }>([envelopeId, peer]);
  return row?.id ?? null;
}

/** A ping was sent in this session. */
export function rememberSdkPing(vault: VaultReader, session: string): void {
  // Sessions are forgotten where newer ones take their place.
  vault.sql("DELETE FROM sdk_session_ping WHERE session NOT IN (SELECT id FROM sdk_session)").run();
  vault.sql("INSERT OR IGNORE INTO sdk_session_ping (session) VALUES (?)").run([session]);
}

/**
 * The peer's ratchet turned in this session by a key of ours: it read something that was sealed with
 * that key. Mail is fetched in its order, so that is the first, and what was sealed with the keys
 * before; the rest may have been sent after it wrote.
 */
export function markSessionAnswered(vault: VaultReader, session: string): void {
  const { changes } = vault.sql("DELETE FROM sdk_session_ping WHERE session = ?").run([session]);
  vault
    .sql(
      `UPDATE sdk_envelope_sent SET proven = ${READ} WHERE session = ? AND proven = ${FORMER_KEY}`,
    )
    .run([session]);
  if (changes === 0) {
    vault
      .sql(
        `UPDATE sdk_envelope_sent SET proven = ${READ} WHERE envelope_id =
           (SELECT envelope_id FROM sdk_envelope_sent WHERE session = ? AND proven = ${SAME_KEY}
            ORDER BY at, message LIMIT 1)`,
      )
      .run([session]);
  }
  vault
    .sql(
      `UPDATE sdk_envelope_sent SET proven = ${FORMER_KEY} WHERE session = ? AND proven = ${SAME_KEY}`,
    )
    .run([session]);
}

/** Mail that the relay took, last sent in this session, of which nothing shows that it was read. */
export function unprovenMail(vault: VaultReader, session: string): number[] {
  return vault
    .sql(
      `SELECT e.message FROM sdk_envelope_sent e JOIN outgoing o ON o.message = e.message
       WHERE e.session = ? AND e.proven <> ${READ} AND o.envelope_id = e.envelope_id
         AND o.relayed_at IS NOT NULL AND o.answered_at IS NULL AND o.ended IS NULL
       ORDER BY e.message`,
    )
    .all<{ message: number }>([session])
    .map((row) => row.message);
}

/**
 * Peers in whose session, begun by us before `before`, nothing was ever heard although the relay took
 * mail in it: its first message may be lost, and then none that follows can be read.
 */
export function silentPeers(vault: VaultReader, before: number): string[] {
  return vault
    .sql(
      `SELECT s.peer FROM sdk_session s
       WHERE s.rank = 0 AND s.own = 1 AND s.heard_at IS NULL AND s.started_at <= ?
         AND EXISTS (SELECT 1 FROM outgoing o WHERE o.recipient = s.peer
                     AND o.relayed_at IS NOT NULL AND o.received_at IS NULL
                     AND o.answered_at IS NULL AND o.ended IS NULL)`,
    )
    .all<{ peer: string }>([before])
    .map((row) => row.peer);
}

/** The session that is written in, when nothing was ever heard in it and we began it. */
export function unheardSession(vault: VaultReader, peer: string): string | null {
  const row = vault
    .sql(
      `SELECT id FROM sdk_session
       WHERE peer = ? AND rank = 0 AND own = 1 AND heard_at IS NULL`,
    )
    .get<{ id: string }>([peer]);
  return row?.id ?? null;
}

export function removeSdkSession(vault: VaultReader, session: string): void {
  vault.sql("DELETE FROM sdk_skipped_key WHERE session = ?").run([session]);
  vault.sql("DELETE FROM sdk_session_ping WHERE session = ?").run([session]);
  vault.sql("DELETE FROM sdk_session WHERE id = ?").run([session]);
}
