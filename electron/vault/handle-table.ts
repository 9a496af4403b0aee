import type { VaultReader } from "./vault.ts";

/**
 * Whom a handle means to this agent (rule C2): the cryptoId it had when it was first used, or the one
 * a person decided for. Changes run inside `Vault.write` only.
 */
export interface HandlePin {
  readonly handle: string;
  readonly cryptoId: string;
  /** Another cryptoId that the directory named since; null while there was none. */
  readonly changedTo: string | null;
  /** ms */
  readonly changedAt: number | null;
}

const PIN = `SELECT handle, crypto_id AS cryptoId, changed_to AS changedTo, changed_at AS changedAt
  FROM handle_pin`;

export function pinOf(vault: VaultReader, handle: string): HandlePin | null {
  return vault.sql(`${PIN} WHERE handle = ?`).get<HandlePin>([handle]) ?? null;
}

/** The handle by which this agent knows a cryptoId, if there is one and nobody disputes it. */
export function handleOf(vault: VaultReader, cryptoId: string): string | null {
  const row = vault
    .sql(
      `SELECT handle FROM handle_pin WHERE crypto_id = ? AND changed_to IS NULL
       ORDER BY pinned_at LIMIT 1`,
    )
    .get<{ handle: string }>([cryptoId]);
  return row?.handle ?? null;
}

/** Keeps what the directory says: the first answer is the pin, another one is an alarm. */
export function notePin(
  vault: VaultReader,
  handle: string,
  cryptoId: string,
  at: number,
): HandlePin {
  vault
    .sql(
      `INSERT INTO handle_pin (handle, crypto_id, pinned_at) VALUES ($handle, $id, $at)
       ON CONFLICT (handle) DO UPDATE SET changed_to = $id, changed_at = $at
       WHERE crypto_id <> $id`,
    )
    .run({ handle, id: cryptoId, at });
  return pinOf(vault, handle) as HandlePin;
}

/** A person's decision: the handle means this cryptoId, and the alarm is over. */
export function decidePin(vault: VaultReader, handle: string, cryptoId: string, at: number): void {
  vault
    .sql("INSERT OR REPLACE INTO handle_pin (handle, crypto_id, pinned_at) VALUES (?, ?, ?)")
    .run([handle, cryptoId, at]);
}

export function changedPins(vault: VaultReader): HandlePin[] {
  return vault.sql(`${PIN} WHERE changed_to IS NOT NULL ORDER BY handle`).all<HandlePin>();
}

/** This agent's own handles as the relay last said, the oldest first. */
export function ownHandles(vault: VaultReader): string[] {
  return vault
    .sql("SELECT handle FROM own_handle ORDER BY position")
    .all<{ handle: string }>()
    .map((row) => row.handle);
}

export function setOwnHandles(vault: VaultReader, handles: readonly string[]): void {
  vault.sql("DELETE FROM own_handle").run();
  for (const [position, handle] of handles.entries()) {
    vault
      .sql("INSERT OR IGNORE INTO own_handle (handle, position) VALUES (?, ?)")
      .run([handle, position]);
  }
}

/** What handles meant when they were first met. */
export function pinnedHandles(vault: VaultReader): { handle: string; cryptoId: string }[] {
  return vault
    .sql("SELECT handle, crypto_id AS cryptoId FROM handle_pin ORDER BY handle DESC")
    .all<{ handle: string; cryptoId: string }>();
}
