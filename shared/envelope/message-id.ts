/** `message.id` (rule F4): made by the sender, and what all correlation uses. */
const OWN_SHAPE = /^msg-[0-9a-f]{18}$/;
const OWN_BYTES = 9;

/** The shape of an id that somebody else made: 1 to 128 printable ASCII characters, no space. */
export const FOREIGN_ID_SHAPE = /^[\x21-\x7e]{1,128}$/;

/**
 * @param random9Bytes 9 random bytes; the caller brings them, so that this stays a pure function.
 * @returns `msg-` and 18 hex digits. Throws when the bytes are not 9: a programming error.
 */
export function newMessageId(random9Bytes: Uint8Array): string {
  if (random9Bytes.length !== OWN_BYTES) {
    throw new Error(`a message id is made of ${OWN_BYTES} random bytes`);
  }
  return `msg-${Array.from(random9Bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** True for ids as our own senders make them. */
export function isMessageId(value: unknown): value is string {
  return typeof value === "string" && OWN_SHAPE.test(value);
}

/**
 * An id that somebody else wrote, else null. Looser than our own shape, because older plugins and
 * harness wrappers count differently; bounded, because it becomes a database key and a line in a log.
 */
export function readMessageId(value: unknown): string | null {
  return typeof value === "string" && FOREIGN_ID_SHAPE.test(value) ? value : null;
}
