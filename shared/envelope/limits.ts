import { TinyplaceError } from "../errors/errors.ts";

/** Bounds of rule F6. Text is counted in UTF-8 bytes. */
export const MAX_TEXT_BYTES = 256 * 1024;
/** A whole body: the text, escaped at worst sixfold, and the envelope around it. */
export const MAX_BODY_BYTES = 6 * MAX_TEXT_BYTES + 64 * 1024;
/** Nesting of an honest envelope is 2; more than this is not read as JSON at all. */
export const MAX_DEPTH = 16;

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

/** True when brackets outside strings nest deeper than `limit`; linear, and safe on any text. */
export function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}
