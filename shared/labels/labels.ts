/**
 * Session labels (rules F3, S2, R6). A label is a session's address within its agent, such as
 * `claude:1`. Labels in messages were chosen by strangers: read them through `readLabel` only.
 */
export const LABEL_SHAPE = /^[\w:-]{1,32}$/;
const AUTOMATIC_LABEL = /^claude:([1-9]\d{0,8})$/;

export function isLabel(value: unknown): value is string {
  return typeof value === "string" && LABEL_SHAPE.test(value);
}

/** The label if it has the label shape, else null. */
export function readLabel(value: unknown): string | null {
  return isLabel(value) ? value : null;
}

/** Orders labels by their text, runs of digits by number: `claude:2` before `claude:10`. */
export function compareLabels(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const l = left[i] as string;
    const r = right[i] as string;
    if (l === r) continue;
    const bothNumbers = /^\d/.test(l) && /^\d/.test(r);
    if (bothNumbers) {
      const difference = compareDigits(l, r);
      if (difference !== 0) return difference;
      continue;
    }
    return l < r ? -1 : 1;
  }
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** Compares digit strings of any length by value, without the rounding of floating point. */
function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+(?=\d)/, "");
  const right = b.replace(/^0+(?=\d)/, "");
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The lowest `claude:<n>` that `taken` does not refuse. */
export function lowestFreeLabel(taken: (label: string) => boolean): string {
  for (let n = 1; ; n++) {
    const label = `claude:${n}`;
    if (!taken(label)) return label;
  }
}

/** The number of an automatic label, or null: `primary` routing prefers the lowest number. */
export function automaticNumber(label: string): number | null {
  const match = AUTOMATIC_LABEL.exec(label);
  return match ? Number(match[1]) : null;
}
