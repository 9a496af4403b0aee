/** `message.id` (rule F4): made by the sender, and what all correlation uses. */
const OWN_SHAPE = /^msg-[0-9a-f]{18}$/;
const FOREIGN_SHAPE = /^[\x21-\x7e]{1,128}$/;

/** @param random 9 random bytes. Returns `msg-` and 18 hex digits. */
export function newMessageId(random: Uint8Array): string {
  if (random.length !== 9) throw new Error("a message id is made of 9 random bytes");
  return `msg-${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export function isMessageId(value: unknown): value is string {
  return typeof value === "string" && OWN_SHAPE.test(value);
}

/** An id that somebody else wrote: printable and bounded, else null. */
export function readMessageId(value: unknown): string | null {
  return typeof value === "string" && FOREIGN_SHAPE.test(value) ? value : null;
}
