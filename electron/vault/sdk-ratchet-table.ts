import type { VaultReader } from "./vault.ts";

/**
 * Rows of the network's own cipher: sessions, pre-keys and keys of messages that may still come. The
 * changing functions run inside `Vault.write` only.
 */
export interface SdkSessionRow {
  readonly id: string;
  /** JSON, as `encodeState` writes it. */
  readonly state: string;
  /** JSON, or null when a message has carried it. */
  readonly handshake: string | null;
  readonly own: number;
  readonly started_at: number;
  readonly heard_at: number | null;
}

export type SdkPrekeyKind = "signed" | "one-time";

/** The one that is written in first. */
export function sdkSessions(vault: VaultReader, peer: string): SdkSessionRow[] {
  return vault
    .sql(
      `SELECT id, state, handshake, own, started_at, heard_at FROM sdk_session
       WHERE peer = ? ORDER BY rank`,
    )
    .all<SdkSessionRow>([peer]);
}

/** Replaces all sessions with the peer; what only the ones that are gone could read goes with them. */
export function writeSdkSessions(
  vault: VaultReader,
  peer: string,
  rows: readonly SdkSessionRow[],
): void {
  const kept = JSON.stringify(rows.map((row) => row.id));
  vault
    .sql(
      `DELETE FROM sdk_skipped_key WHERE session IN (SELECT id FROM sdk_session
         WHERE peer = ? AND id NOT IN (SELECT value FROM json_each(?)))`,
    )
    .run([peer, kept]);
  vault
    .sql("DELETE FROM sdk_session WHERE peer = ? AND id NOT IN (SELECT value FROM json_each(?))")
    .run([peer, kept]);
  for (const [rank, row] of rows.entries()) {
    vault
      .sql(
        `INSERT OR REPLACE INTO sdk_session
           (id, peer, rank, state, handshake, own, started_at, heard_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run([row.id, peer, rank, row.state, row.handshake, row.own, row.started_at, row.heard_at]);
  }
}

export function readSkippedKey(
  vault: VaultReader,
  session: string,
  ratchetKey: Uint8Array,
  number: number,
): Uint8Array | null {
  const row = vault
    .sql(
      `SELECT message_key AS key FROM sdk_skipped_key
       WHERE session = ? AND ratchet_key = ? AND number = ?`,
    )
    .get<{ key: Uint8Array }>([session, ratchetKey, number]);
  return row ? new Uint8Array(row.key) : null;
}

export function removeSkippedKey(
  vault: VaultReader,
  session: string,
  ratchetKey: Uint8Array,
  number: number,
): void {
  vault
    .sql("DELETE FROM sdk_skipped_key WHERE session = ? AND ratchet_key = ? AND number = ?")
    .run([session, ratchetKey, number]);
}

export function writeSkippedKey(
  vault: VaultReader,
  key: {
    session: string;
    ratchetKey: Uint8Array;
    messageNumber: number;
    messageKey: Uint8Array;
    at: number;
  },
): void {
  vault
    .sql(
      `INSERT OR REPLACE INTO sdk_skipped_key (session, ratchet_key, number, message_key, at)
       VALUES (?, ?, ?, ?, ?)`,
    )
    .run([key.session, key.ratchetKey, key.messageNumber, key.messageKey, key.at]);
}

/** Keeps the newest `count` of a session. */
export function trimSkippedKeys(vault: VaultReader, session: string, count: number): void {
  vault
    .sql(
      `DELETE FROM sdk_skipped_key WHERE session = $session AND (ratchet_key, number) IN
         (SELECT ratchet_key, number FROM sdk_skipped_key WHERE session = $session
          ORDER BY at DESC, number DESC LIMIT -1 OFFSET $count)`,
    )
    .run({ session, count });
}

export function removeSkippedKeysBefore(vault: VaultReader, before: number): void {
  vault.sql("DELETE FROM sdk_skipped_key WHERE at < ?").run([before]);
}

export function readSdkPrekey(
  vault: VaultReader,
  kind: SdkPrekeyKind,
  keyId: string,
): Uint8Array | null {
  const row = vault
    .sql("SELECT private_key AS key FROM sdk_prekey WHERE key_id = ? AND kind = ?")
    .get<{ key: Uint8Array }>([keyId, kind]);
  return row ? new Uint8Array(row.key) : null;
}

export function writeSdkPrekey(
  vault: VaultReader,
  row: { keyId: string; kind: SdkPrekeyKind; privateKey: Uint8Array; at: number },
): void {
  vault
    .sql("INSERT INTO sdk_prekey (key_id, kind, private_key, created_at) VALUES (?, ?, ?, ?)")
    .run([row.keyId, row.kind, row.privateKey, row.at]);
}

export function removeSdkPrekey(vault: VaultReader, keyId: string): void {
  vault.sql("DELETE FROM sdk_prekey WHERE key_id = ? AND kind = 'one-time'").run([keyId]);
}

/** When the newest signed key was made; null when there is none. */
export function newestSdkSignedAt(vault: VaultReader): number | null {
  return (
    vault
      .sql("SELECT max(created_at) AS at FROM sdk_prekey WHERE kind = 'signed'")
      .get<{ at: number | null }>()?.at ?? null
  );
}

/** Signed keys made before `before`, but the newest, and what was remembered for their sake. */
export function removeSdkPrekeysBefore(vault: VaultReader, before: number): void {
  vault
    .sql(
      `DELETE FROM sdk_prekey WHERE kind = 'signed' AND created_at < ?
       AND created_at < (SELECT max(created_at) FROM sdk_prekey WHERE kind = 'signed')`,
    )
    .run([before]);
  vault.sql("DELETE FROM sdk_handshake_seen WHERE at < ?").run([before]);
}

export function isHandshakeSeen(vault: VaultReader, ephemeralKey: Uint8Array): boolean {
  return (
    vault
      .sql("SELECT 1 AS yes FROM sdk_handshake_seen WHERE ephemeral_key = ?")
      .get([ephemeralKey]) !== undefined
  );
}

export function rememberHandshake(vault: VaultReader, ephemeralKey: Uint8Array, at: number): void {
  vault
    .sql("INSERT OR IGNORE INTO sdk_handshake_seen (ephemeral_key, at) VALUES (?, ?)")
    .run([ephemeralKey, at]);
}
