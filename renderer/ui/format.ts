/** Pure formatting. `timeZone` is for tests; without it the machine's own is used. */

/** Formatters are dear to make, and a list of 100,000 messages asks for one per message. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string | undefined, options: Intl.DateTimeFormatOptions) {
  const key = `${locale} ${JSON.stringify(options)}`;
  const found = formatters.get(key);
  if (found) return found;
  const made = new Intl.DateTimeFormat(locale, options);
  formatters.set(key, made);
  return made;
}

export function shortId(cryptoId: string): string {
  return cryptoId.length <= 12 ? cryptoId : `${cryptoId.slice(0, 5)}…${cryptoId.slice(-4)}`;
}

export function formatTime(iso: string, timeZone?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  return formatter(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
  }).format(date);
}

/** Date and time to the second, for titles and details. */
export function formatMoment(iso: string, timeZone?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "an unreadable time";
  return formatter(undefined, {
    dateStyle: "medium",
    timeStyle: "medium",
    timeZone,
  }).format(date);
}

/** `2026-03-09`, in the zone's own calendar: what messages are grouped by. */
export function dayOf(iso: string, timeZone?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  // The Swedish locale writes ISO dates.
  return formatter("sv-SE", { dateStyle: "short", timeZone }).format(date);
}

/** `Today`, `Yesterday`, or the weekday and date; with the year when it is not this one. */
export function formatDay(iso: string, now: Date, timeZone?: string): string {
  const day = dayOf(iso, timeZone);
  if (day === "") return "Unknown day";
  const today = dayOf(now.toISOString(), timeZone);
  if (day === today) return "Today";
  if (daysBetween(day, today) === 1) return "Yesterday";
  const sameYear = day.slice(0, 4) === today.slice(0, 4);
  return formatter(undefined, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
    timeZone,
  }).format(new Date(iso));
}

/** `now`, `5 min`, `3 h`, `2 d`: how long something has waited. */
export function formatAge(iso: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - new Date(iso).getTime()) / 60_000);
  if (!(minutes >= 1)) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / (24 * 60))} d`;
}

/** Counts in badges: four digits would push the label aside. */
export function formatCount(count: number): string {
  return count > 999 ? "999+" : String(count);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The start of a text, never cut inside a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? length - 1 : length);
}

/** One line for lists: bounded before it is searched, since a stranger chose the text. */
export function oneLine(text: string, length = 160): string {
  const line = clip(text, length * 4)
    .replace(/\s+/g, " ")
    .trim();
  const cut = clip(line, length);
  return cut.length < line.length || text.length > length * 4 ? `${cut}…` : cut;
}

function daysBetween(earlier: string, later: string): number {
  return Math.round((Date.parse(later) - Date.parse(earlier)) / 86_400_000);
}
