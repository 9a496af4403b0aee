import type { VaultReader } from "./vault.ts";

/** Peers whose safety number a person compared. The changing function runs inside `Vault.write` only. */
export function verifiedPeers(vault: VaultReader): Map<string, number> {
  const rows = vault.sql("SELECT peer, at FROM verified_peer").all<{ peer: string; at: number }>();
  return new Map(rows.map((row) => [row.peer, row.at]));
}

export function isVerified(vault: VaultReader, peer: string): boolean {
  return vault.sql("SELECT 1 FROM verified_peer WHERE peer = ?").get([peer]) !== undefined;
}

/** @param at null takes the mark away */
export function markVerified(vault: VaultReader, peer: string, at: number | null): void {
  if (at === null) vault.sql("DELETE FROM verified_peer WHERE peer = ?").run([peer]);
  else vault.sql("INSERT OR REPLACE INTO verified_peer (peer, at) VALUES (?, ?)").run([peer, at]);
}
