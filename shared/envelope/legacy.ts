import { checkTextSize } from "./limits.ts";
import { readMessageId } from "./message-id.ts";

/**
 * Bodies of the earlier plugin (rule F5), byte for byte:
 *
 *     \x01tp-auto\x01 [ \x01re:<id>\x01 ] <text>     an automatic reply
 *     \x01tp-rehandshake\x01                         a re-key ping; consumed, never shown
 */
const AUTO_PREFIX = "\x01tp-auto\x01";
const REPLY_MARK = "\x01re:";
const MARK_END = "\x01";

/** The older request for a new handshake: the whole body. */
export const REHANDSHAKE_BODY = "\x01tp-rehandshake\x01";

export interface LegacyAuto {
  readonly text: string;
  readonly inReplyTo: string | null;
}

/**
 * The older automatic reply. An id that no reader would accept is left out, since it could carry a
 * mark of its own. Throws `body_too_large`.
 */
export function encodeLegacyAuto(text: string, inReplyTo: string | null = null): string {
  checkTextSize(text);
  const id = readMessageId(inReplyTo);
  return `${AUTO_PREFIX}${id === null ? "" : `${REPLY_MARK}${id}${MARK_END}`}${text}`;
}

/** Null when the body is no older automatic reply. A mark without a proper id stays in the text. */
export function decodeLegacyAuto(body: string): LegacyAuto | null {
  if (!body.startsWith(AUTO_PREFIX)) return null;
  const rest = body.slice(AUTO_PREFIX.length);
  if (rest.startsWith(REPLY_MARK)) {
    const end = rest.indexOf(MARK_END, REPLY_MARK.length);
    const id = end < 0 ? null : readMessageId(rest.slice(REPLY_MARK.length, end));
    if (id !== null) return { text: rest.slice(end + 1), inReplyTo: id };
  }
  return { text: rest, inReplyTo: null };
}
