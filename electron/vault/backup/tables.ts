import type { Database } from "../sqlite.ts";

/**
 * What no backup holds: the agent itself is in its first part, the index of texts is made anew, and
 * everything a ratchet is made of stays where it is. A ratchet that exists twice uses keys twice, and
 * two copies of it soon read nothing more; a restored agent begins its sessions anew.
 */
const LEFT_OUT = new Set([
  "agent",
  "ratchet_session",
  "prekey",
  "signed_prekey",
  "kyber_prekey",
  "kyber_base_key_seen",
  "sdk_session",
  "sdk_skipped_key",
  "sdk_prekey",
  "sdk_handshake_seen",
]);

export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** The columns that order its rows, no two alike. */
  readonly key: readonly string[];
}

/** Every table of a vault that a backup holds; new ones are held by themselves. */
export function copiedTables(db: Database): CopiedTable[] {
  const all = db.pragma("table_list") as { name: string; type: string; wr: number }[];
  return all
    .filter(({ name, type }) => type === "table" && !name.startsWith("sqlite_"))
    .filter(({ name }) => !LEFT_OUT.has(name))
    .map(({ name, wr }) => {
      const columns = db.pragma(`table_info("${name}")`) as { name: string; pk: number }[];
      const primary = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
      return {
        name,
        columns: columns.map((one) => one.name),
        key: wr === 0 ? ["rowid"] : primary.map((one) => one.name),
      };
    });
}
