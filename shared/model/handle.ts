import { TinyplaceError } from "../errors/errors.ts";

/**
 * A handle is a name that the relay's directory maps to one agent: `@` and up to 31 letters, digits,
 * `_`, `.` or `-`, the last two inside only. ASCII alone, so that no two handles look the same, and
 * short of every cryptoId, so that a client that drops the `@` cannot take one for the other.
 */
const SHAPE = /^@[a-z0-9_](?:[a-z0-9_.-]{0,29}[a-z0-9_])?$/i;

/** The handle in its one written form, lower case, or null when the text is none. Never throws. */
export function readHandle(text: string): string | null {
  return SHAPE.test(text) ? text.toLowerCase() : null;
}

/** Throws `bad_request` when the text is no handle. */
export function requireHandle(text: string): string {
  const handle = readHandle(text);
  if (handle) return handle;
  throw new TinyplaceError(
    "bad_request",
    `"${text.slice(0, 40)}" is not a handle.`,
    "A handle is @ and 1 to 31 letters, digits, `_`, `.` or `-`, for example @reviewer.",
  );
}
