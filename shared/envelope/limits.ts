import { TinyplaceError } from "../errors/errors.ts";

/** Bounds of rule F6. Text is counted in UTF-8 bytes. */
export const MAX_TEXT_BYTES = 256 * 1024;
/** A whole body: the text, escaped at worst sixfold, and the envelope around it. */
export const MAX_BODY_BYTES = 6 * MAX_TEXT_BYTES + 64 * 1024;
/** Nesting of an honest envelope is 3; what nests deeper than this is not read as JSON at all. */
const MAX_DEPTH = 16;
/** Brackets and commas of a body that is read as JSON; an honest envelope has about 40. */
const MAX_JSON_MARKS = 20_000;

const encoder = new TextEncoder();

export function fitsTextLimit(text: string): boolean {
  // A UTF-16 unit has at most 3 bytes in UTF-8: most text need not be encoded to know that it fits.
  return text.length * 3 <= MAX_TEXT_BYTES || encoder.encode(text).length <= MAX_TEXT_BYTES;
}

/** Throws `body_too_large` before anything of the message is stored or sent. */
export function checkTextSize(text: string): void {
  if (fitsTextLimit(text)) return;
  throw new TinyplaceError(
    "body_too_large",
    `The message has ${encoder.encode(text).length} bytes; at most ${MAX_TEXT_BYTES} (256 KiB) can be sent.`,
    "Send it in parts, or put the content into a file both sides can read and send its path. Nothing was sent.",
  );
}

/**
 * True when JSON.parse would meet no more nesting and no more values than the bounds above. Counts
 * brackets and commas outside strings in one pass without recursion, so it is safe on any text.
 */
export function isBoundedJson(text: string): boolean {
  let depth = 0;
  let marks = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
      continue;
    }
    if (code === QUOTE) inString = true;
    else if (code === COMMA) marks++;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      marks++;
      if (++depth > MAX_DEPTH) return false;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    if (marks > MAX_JSON_MARKS) return false;
  }
  return true;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
