import type { Incident } from "../../shared/model/snapshot.ts";
import type { Database } from "./sqlite.ts";
import type { VaultReader } from "./vault.ts";

/** What befell this vault: written where it is dealt with, shown to the person. */
export function insertIncident(
  db: Database,
  incident: { kind: Incident["kind"]; words: string; at: number },
): void {
  db.prepare("INSERT INTO incident (at, kind, words) VALUES (?, ?, ?)").run([
    incident.at,
    incident.kind,
    incident.words,
  ]);
}

/** Newest first. */
export function incidents(vault: VaultReader, limit: number): Incident[] {
  return vault
    .sql("SELECT at, kind, words FROM incident ORDER BY id DESC LIMIT ?")
    .all<{ at: number; kind: Incident["kind"]; words: string }>([limit])
    .map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
}
