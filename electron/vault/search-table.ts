import type { ConversationRow, MessageRow } from "./mail-table.ts";
import type { Database } from "./sqlite.ts";
import type { VaultReader } from "./vault.ts";

/**
 * Full-text search. Messages are indexed when somebody searches, not when they come: their way must
 * not wait for it. `indexSome` runs inside `Vault.write` only.
 */
const COLUMNS = `m.seq, m.id, m.direction, m.peer, m.from_session, m.to_session, m.in_reply_to, m.role,
  m.text, m.auto, m.sent_at, m.at, m.asker, m.late, m.suite`;
const INDEXED = "SELECT value AS seq FROM setting WHERE name = 'search_indexed'";

/** Indexes up to `limit` more messages; false when there were none left. */
export function indexSome(vault: VaultReader, limit: number): boolean {
  const from = Number(vault.sql(INDEXED).get<{ seq: string }>()?.seq ?? 0);
  const last = vault
    .sql("SELECT max(seq) AS seq FROM (SELECT seq FROM message WHERE seq > ? ORDER BY seq LIMIT ?)")
    .get<{ seq: number | null }>([from, limit])?.seq;
  if (last === null || last === undefined) return false;
  vault
    .sql(
      "INSERT INTO message_text (rowid, text) SELECT seq, text FROM message WHERE seq > ? AND seq <= ?",
    )
    .run([from, last]);
  vault
    .sql("INSERT OR REPLACE INTO setting (name, value) VALUES ('search_indexed', ?)")
    .run([String(last)]);
  return true;
}

/** Everything is indexed anew: after a rescue the index is empty, whatever the setting says. */
export function forgetIndex(db: Database): void {
  db.exec("DELETE FROM setting WHERE name = 'search_indexed'");
}

export function isIndexed(vault: VaultReader): boolean {
  const from = Number(vault.sql(INDEXED).get<{ seq: string }>()?.seq ?? 0);
  return vault.sql("SELECT 1 AS yes FROM message WHERE seq > ? LIMIT 1").get([from]) === undefined;
}

/** Newest first. Held messages are left out: a person may not have let them through yet. */
export function searchMail(
  vault: VaultReader,
  query: string,
  before: number,
  limit: number,
): MessageRow[] {
  const words = matchOf(query);
  if (words === "") return [];
  return vault
    .sql(
      `SELECT ${COLUMNS}
       FROM message_text t JOIN message m ON m.seq = t.rowid
       WHERE t.text MATCH ? AND t.rowid < ?
         AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.message = m.seq)
         AND NOT EXISTS (SELECT 1 FROM discarded d WHERE d.message = m.seq)
       ORDER BY t.rowid DESC LIMIT ?`,
    )
    .all<MessageRow>([words, before, limit]);
}

/** What a person looks for; what is absent does not matter. */
export interface MailFilter {
  /** All of its words; empty for any text. */
  readonly query: string;
  /** Mail of this session: delivered to it, or sent by it. */
  readonly label?: string | undefined;
  readonly peer?: string | undefined;
  readonly way?: "received" | "sent" | undefined;
  readonly unread?: boolean | undefined;
}

export interface FoundRow extends ConversationRow {
  /** The session in whose inbox it stands: the one searched in, else the one it is unread in. */
  readonly inbox: string | null;
  readonly held: number;
  readonly discarded: number;
}

/** For a person, who may see all there is, held and discarded messages too. Newest first. */
export function findMail(
  vault: VaultReader,
  filter: MailFilter,
  before: number,
  limit: number,
): FoundRow[] {
  const words = matchOf(filter.query);
  if (words === "" && filter.query.trim() !== "") return [];
  const { label, peer, way, unread } = filter;
  const inLabel = label === undefined ? "" : "AND label = $label";
  const wanted = [
    words === "" ? "m.seq < $before" : "t.text MATCH $words AND t.rowid < $before",
    ...(peer === undefined ? [] : ["m.peer = $peer"]),
    ...(unread
      ? [`m.seq IN (SELECT message FROM delivery WHERE read_at IS NULL ${inLabel})`]
      : label === undefined
        ? []
        : [MINE[way ?? "any"]]),
    ...(way === "sent" ? ["m.direction <> 'in'"] : []),
    ...(way === "received" ? ["m.direction <> 'out'"] : []),
  ];
  return vault
    .sql(
      `SELECT ${COLUMNS}, d.label AS inbox, d.read_at AS delivery_read_at,
         EXISTS (SELECT 1 FROM hold h WHERE h.message = m.seq) AS held,
         EXISTS (SELECT 1 FROM discarded o WHERE o.message = m.seq) AS discarded
       FROM ${words === "" ? "message m" : "message_text t JOIN message m ON m.seq = t.rowid"}
       LEFT JOIN delivery d ON d.id = (SELECT id FROM delivery WHERE message = m.seq ${inLabel}
                                       ORDER BY read_at IS NOT NULL, id LIMIT 1)
       WHERE ${wanted.join(" AND ")}
       ORDER BY ${words === "" ? "m.seq" : "t.rowid"} DESC LIMIT $limit`,
    )
    .all<FoundRow>({
      ...{ before, limit },
      ...(words !== "" && { words }),
      ...(label !== undefined && { label }),
      ...(peer !== undefined && { peer }),
    });
}

const RECEIVED = "m.seq IN (SELECT message FROM delivery WHERE label = $label)";
const SENT = "(m.from_session = $label AND m.direction <> 'in')";
const MINE = { any: `(${RECEIVED} OR ${SENT})`, received: RECEIVED, sent: SENT } as const;

/** Every word as a phrase of its own, so that nothing in it is read as an operator of FTS5. */
function matchOf(query: string): string {
  const words = query.normalize("NFC").match(/[\p{L}\p{N}_]+/gu) ?? [];
  return words.map((word, i) => `"${word}"${i === words.length - 1 ? "*" : ""}`).join(" ");
}
