import { clip } from "../ui/format.ts";

/** A piece of an excerpt; `hit` stands for a word that was looked for. */
export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

/** A text longer than this is not searched for its words: it is shown from its beginning. */
const MAX_SEARCHED = 300_000;
const BEFORE = 40;

/** One line around the first word of the query that stands in the text, its words set apart. */
export function excerpt(text: string, query: string, length = 200): Piece[] {
  const words = wordsOf(query);
  const first = words && text.length <= MAX_SEARCHED ? text.search(words) : -1;
  const from = Math.max(0, first - BEFORE);
  const start = from === 0 ? 0 : from + (isTrailing(text, from) ? 1 : 0);
  const cut = clip(text.slice(start, start + length * 2), length);
  const line = `${start > 0 ? "…" : ""}${cut.replace(/\s+/g, " ").trim()}${start + cut.length < text.length ? "…" : ""}`;
  return words ? piecesOf(line, words) : [{ text: line, hit: false }];
}

function piecesOf(line: string, words: RegExp): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of line.matchAll(new RegExp(words, "giu"))) {
    if (match.index > end) pieces.push({ text: line.slice(end, match.index), hit: false });
    pieces.push({ text: match[0], hit: true });
    end = match.index + match[0].length;
  }
  if (end < line.length) pieces.push({ text: line.slice(end), hit: false });
  return pieces;
}

/** The query's words as the search reads them: whole, the last one as a beginning. */
function wordsOf(query: string): RegExp | null {
  const words = query.normalize("NFC").match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return null;
  const parts = words.map((word, i) => (i === words.length - 1 ? `${word}[\\p{L}\\p{N}]*` : word));
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${parts.join("|")})(?![\\p{L}\\p{N}])`, "iu");
}

/** Whether a cut here would split a pair of surrogates. */
function isTrailing(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff;
}
