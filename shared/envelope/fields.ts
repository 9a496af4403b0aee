/** Reading single fields of JSON that a stranger wrote (rules F3, F6). Nothing here throws. */
export type Json = Readonly<Record<string, unknown>>;

const ISO_SHAPE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const ISO_UTC_LENGTH = "2026-01-01T00:00:00.000Z".length;

/** The value when it is a JSON object, else null. */
export function record(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : null;
}

/** A field of the object itself: what it inherits, such as `constructor`, is not in the message. */
export function own(json: Json | null, key: string): unknown {
  return json !== null && Object.hasOwn(json, key) ? json[key] : undefined;
}

/** A date and time with its zone, as UTC `YYYY-MM-DDTHH:mm:ss.sssZ`; null for anything else. */
export function readTimestamp(value: unknown): string | null {
  if (typeof value !== "string" || !ISO_SHAPE.test(value)) return null;
  const time = Date.parse(value);
  if (Number.isNaN(time)) return null;
  const utc = new Date(time).toISOString();
  // A zone can move the year 0000 or 9999 into years that are written longer and sort wrongly.
  return utc.length === ISO_UTC_LENGTH ? utc : null;
}

/**
 * Half surrogate pairs, which JSON escapes can carry, become U+FFFD. UTF-8 has no form for them:
 * a database or socket would change the text later, and two copies of one message would differ.
 */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/**
 * Parses JSON again without fields called `__proto__`. JSON.parse makes them harmless own fields, but
 * the first Object.assign of a reader would turn them into a prototype.
 */
export function parseWithoutPrototypes(text: string): Json | null {
  return record(
    JSON.parse(text, (key, value: unknown) => (key === "__proto__" ? undefined : value)),
  );
}
