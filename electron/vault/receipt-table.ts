import type { VaultReader } from "./vault.ts";

/** What the relay delivered: envelopes known already, and those that could not be decrypted. */
export function isEnvelopeSeen(vault: VaultReader, sender: string, envelopeId: string): boolean {
  return (
    vault
      .sql("SELECT 1 AS yes FROM envelope_seen WHERE sender = ? AND envelope_id = ?")
      .get([sender, envelopeId]) !== undefined
  );
}

export function rememberEnvelope(
  vault: VaultReader,
  sender: string,
  envelopeId: string,
  at: number,
): void {
  vault
    .sql("INSERT OR IGNORE INTO envelope_seen (sender, envelope_id, at) VALUES (?, ?, ?)")
    .run([sender, envelopeId, at]);
}

export function quarantine(
  vault: VaultReader,
  row: { sender: string; envelopeId: string; reason: string; envelope: string; at: number },
): void {
  vault
    .sql(
      `INSERT OR IGNORE INTO quarantine (sender, envelope_id, reason, envelope, at)
       VALUES (?, ?, ?, ?, ?)`,
    )
    .run([row.sender, row.envelopeId, row.reason, row.envelope, row.at]);
}

export function quarantineCount(vault: VaultReader): number {
  return vault.sql("SELECT count(*) AS n FROM quarantine").get<{ n: number }>()?.n ?? 0;
}
