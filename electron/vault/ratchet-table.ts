import type { VaultReader } from "./vault.ts";

/**
 * The ratchet's rows: libsignal records as opaque bytes. Reads may happen at any time; the changing
 * functions run inside `Vault.write` only.
 */
export type PrekeyTable = "prekey" | "signed_prekey" | "kyber_prekey";

export function readSession(vault: VaultReader, peer: string): Uint8Array | null {
  return record(vault, "SELECT record FROM ratchet_session WHERE peer = ?", peer);
}

export function writeSession(
  vault: VaultReader,
  peer: string,
  bytes: Uint8Array,
  at: number,
): void {
  vault
    .sql(
      // Not OR REPLACE, which writes the row and its index anew.
      `INSERT INTO ratchet_session (peer, record, updated_at) VALUES (?, ?, ?)
       ON CONFLICT (peer) DO UPDATE SET record = excluded.record, updated_at = excluded.updated_at`,
    )
    .run([peer, bytes, at]);
}

export function readPrekey(vault: VaultReader, table: PrekeyTable, id: number): Uint8Array | null {
  return record(vault, `SELECT record FROM ${table} WHERE id = ?`, id);
}

export function writePrekey(
  vault: VaultReader,
  table: Exclude<PrekeyTable, "kyber_prekey">,
  id: number,
  bytes: Uint8Array,
  at: number,
): void {
  vault.sql(`INSERT INTO ${table} (id, record, created_at) VALUES (?, ?, ?)`).run([id, bytes, at]);
}

export function writeKyberPrekey(
  vault: VaultReader,
  row: { id: number; bytes: Uint8Array; lastResort: boolean; at: number },
): void {
  vault
    .sql("INSERT INTO kyber_prekey (id, record, last_resort, created_at) VALUES (?, ?, ?, ?)")
    .run([row.id, row.bytes, row.lastResort ? 1 : 0, row.at]);
}

export function removePrekey(vault: VaultReader, id: number): void {
  vault.sql("DELETE FROM prekey WHERE id = ?").run([id]);
}

export function isLastResort(vault: VaultReader, kyberId: number): boolean {
  const row = vault
    .sql("SELECT last_resort AS yes FROM kyber_prekey WHERE id = ?")
    .get<{ yes: number }>([kyberId]);
  return row?.yes === 1;
}

export function removeKyberPrekey(vault: VaultReader, id: number): void {
  vault.sql("DELETE FROM kyber_prekey WHERE id = ? AND last_resort = 0").run([id]);
}

/** False when this base key was used with this last-resort key before: a replayed first message. */
export function isFreshBaseKey(
  vault: VaultReader,
  kyberId: number,
  signedId: number,
  baseKey: Uint8Array,
): boolean {
  return !vault
    .sql("SELECT 1 FROM kyber_base_key_seen WHERE kyber_id = ? AND signed_id = ? AND base_key = ?")
    .get([kyberId, signedId, baseKey]);
}

export function rememberBaseKey(
  vault: VaultReader,
  kyberId: number,
  signedId: number,
  baseKey: Uint8Array,
): void {
  vault
    .sql(
      "INSERT OR IGNORE INTO kyber_base_key_seen (kyber_id, signed_id, base_key) VALUES (?, ?, ?)",
    )
    .run([kyberId, signedId, baseKey]);
}

/** The highest id used so far in a table; ids are never given twice. */
export function highestPrekeyId(vault: VaultReader, table: PrekeyTable): number {
  const row = vault
    .sql("SELECT seq AS id FROM sqlite_sequence WHERE name = ?")
    .get<{ id: number }>([table]);
  return row?.id ?? 0;
}

/** When the newest key of a table was made, or null when it is empty. */
export function newestPrekeyAt(vault: VaultReader, table: PrekeyTable): number | null {
  const row = vault
    .sql(`SELECT created_at AS at FROM ${table} ORDER BY id DESC LIMIT 1`)
    .get<{ at: number }>();
  return row?.at ?? null;
}

/** Removes signed and last-resort keys made before `before`, never the newest of them. */
export function removePrekeysBefore(vault: VaultReader, before: number): void {
  vault
    .sql(
      `DELETE FROM signed_prekey WHERE created_at < ?
       AND id < (SELECT max(id) FROM signed_prekey)`,
    )
    .run([before]);
  vault
    .sql(
      `DELETE FROM kyber_prekey WHERE last_resort = 1 AND created_at < ?
       AND id < (SELECT max(id) FROM kyber_prekey WHERE last_resort = 1)`,
    )
    .run([before]);
  vault
    .sql("DELETE FROM kyber_base_key_seen WHERE kyber_id NOT IN (SELECT id FROM kyber_prekey)")
    .run();
}

function record(vault: VaultReader, sql: string, key: string | number): Uint8Array | null {
  const row = vault.sql(sql).get<{ record: Uint8Array }>([key]);
  // SQLite hands out Buffers that may share memory; libsignal wants bytes of its own.
  return row ? new Uint8Array(row.record) : null;
}
