import type { MessageView } from "../../shared/model/snapshot.ts";
import { clip, dayOf } from "../ui/format.ts";

/** A message with the day heading above it, if it is the first of its day. */
export interface TimelineRow {
  readonly message: MessageView;
  readonly startsDay: boolean;
}

/**
 * Rows for the list, oldest first. While older mail can still be loaded, the first row carries no
 * heading: its day may begin on the page above, and a heading taken away again would move the rows
 * under the reader's eyes.
 */
export function timelineRows(
  messages: readonly MessageView[],
  more: boolean,
  timeZone?: string,
): TimelineRow[] {
  let previous: string | null = null;
  return messages.map((message, index) => {
    const day = dayOfMessage(message, timeZone);
    const startsDay = index === 0 ? !more : day !== previous;
    previous = day;
    return { message, startsDay };
  });
}

/** Each message is asked once: a long list is made anew with every page of it. */
const days = new WeakMap<MessageView, string>();

function dayOfMessage(message: MessageView, timeZone: string | undefined): string {
  if (timeZone !== undefined) return dayOf(message.at, timeZone);
  const known = days.get(message);
  if (known !== undefined) return known;
  const day = dayOf(message.at);
  days.set(message, day);
  return day;
}

/** Whether the message was sent by the session that holds `label`, and not to it. */
export function sentBy(message: MessageView, label: string): boolean {
  if (message.direction === "local") return message.fromSession === label;
  return message.direction === "out";
}

/** Unread by this session: only mail that came to it can be. */
export function isUnread(message: MessageView, label: string): boolean {
  return !sentBy(message, label) && message.readAt === null;
}

const COLLAPSED_CHARACTERS = 1400;
const COLLAPSED_LINES = 24;

/** The part of a very long text that is shown at first; null when all of it is. */
export function collapsedText(text: string): string | null {
  let end = Math.min(text.length, COLLAPSED_CHARACTERS);
  let newline = -1;
  for (let line = 0; line < COLLAPSED_LINES; line++) {
    newline = text.indexOf("\n", newline + 1);
    if (newline < 0 || newline >= end) break;
    if (line === COLLAPSED_LINES - 1) end = newline;
  }
  // A button that reveals a few words more is in the way.
  const rest = text.slice(end);
  if (rest.length < 200 && rest.split("\n").length < 6) return null;
  return clip(text, end);
}
