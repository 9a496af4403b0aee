import { type ConversationRow, MESSAGE_COLUMNS, type MessageRow } from "./mail-table.ts";
import type { SearchIndex } from "./search-index.ts";
import type { VaultReader } from "./vault.ts";

/**
 * Full-text search, newest first, in one of two indexes: see `search-index.ts`. Each finds what stands
 * in it below `before`.
 */

export interface Page {
  /** A cursor, a `seq`: what is below it. */
  readonly before: number;
  readonly limit: number;
}

/** Held messages are left out: a person may not have let them through yet. */
export function searchMail(
  vault: VaultReader,
  index: SearchIndex,
  query: string,
  { before, limit }: Page,
): MessageRow[] {
  const words = matchOf(vault, index, query);
  if (words === "") return [];
  return vault
    .sql(
      `SELECT ${MESSAGE_COLUMNS}
       FROM ${index} t JOIN message m ON m.seq = t.rowid
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

/** For a person, who may see all there is, held and discarded messages too. */
export function findMail(
  vault: VaultReader,
  index: SearchIndex,
  filter: MailFilter,
  { before, limit }: Page,
): FoundRow[] {
  const words = matchOf(vault, index, filter.query);
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
      `SELECT ${MESSAGE_COLUMNS}, d.label AS inbox, d.read_at AS delivery_read_at,
         EXISTS (SELECT 1 FROM hold h WHERE h.message = m.seq) AS held,
         EXISTS (SELECT 1 FROM discarded o WHERE o.message = m.seq) AS discarded
       FROM ${words === "" ? "message m" : `${index} t JOIN message m ON m.seq = t.rowid`}
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

const RECEIVED = "EXISTS (SELECT 1 FROM delivery r WHERE r.message = m.seq AND r.label = $label)";
const SENT = "(m.from_session = $label AND m.direction <> 'in')";
const MINE = { any: `(${RECEIVED} OR ${SENT})`, received: RECEIVED, sent: SENT } as const;

/** Of more words that begin alike, FTS5 merges everything at once, which is then cheaper. */
const MOST_ENDINGS = 16;

/**
 * Every word as a phrase of its own, so that nothing in it is read as an operator of FTS5. The last one
 * is a beginning. FTS5 collects all messages with a beginning before it gives the first one, but walks
 * whole words from the newest message down: so where few words begin so, they are named.
 */
function matchOf(vault: VaultReader, index: SearchIndex, query: string): string {
  const words = query.normalize("NFC").match(/[\p{L}\p{N}_]+/gu) ?? [];
  const last = words.pop();
  if (last === undefined) return "";
  const begun = endingsOf(vault, index, last).map((word) => `"${word}"`);
  const ending = begun.length === 0 ? `"${last}"*` : `(${begun.join(" OR ")})`;
  return [...words.map((word) => `"${word}"`), ending].join(" AND ");
}

/** All words of the index that begin so; none where they are many, or only FTS5 knows how it folds them. */
function endingsOf(vault: VaultReader, index: SearchIndex, begin: string): string[] {
  const from = begin.toLowerCase();
  if (index !== "message_text" || !/^[a-z0-9]+$/.test(from)) return [];
  const next = vault.sql("SELECT term FROM message_term WHERE term >= ? LIMIT 1");
  const found: string[] = [];
  for (let at = from; found.length <= MOST_ENDINGS; ) {
    const term = next.get<{ term: string }>([at])?.term;
    if (!term?.startsWith(from)) return found;
    found.push(term);
    // No word has a control character: this is behind the word, and before all others.
    at = `${term}\u0001`;
  }
  return [];
}
