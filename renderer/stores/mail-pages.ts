import { isFinalRung } from "../../shared/model/ladder.ts";
import type { MessageView } from "../../shared/model/snapshot.ts";

/** The loaded part of one session's mail: oldest first, without gaps up to the newest. */
export interface MailPages {
  readonly messages: readonly MessageView[];
  /** Whether the vault has older mail than `messages[0]`. */
  readonly more: boolean;
  /** Whether it has newer mail than was asked for. */
  readonly newer?: boolean;
}

/** A page as the daemon answers it: newest first. */
export interface MailPage {
  readonly messages: readonly MessageView[];
  readonly more: boolean;
  readonly newer?: boolean;
}

export const PAGE_SIZE = 100;

/** Puts the newest page over what is loaded; what it does not reach back to stays. */
export function mergeNewest(loaded: MailPages | null, page: MailPage): MailPages {
  return { ...mergedNewest(loaded, page), ...(page.newer && { newer: true }) };
}

function mergedNewest(loaded: MailPages | null, page: MailPage): MailPages {
  const fresh = oldestFirst(page);
  const first = fresh[0];
  if (!loaded || !first || !page.more) return { messages: fresh, more: page.more };
  const older = loaded.messages.filter((message) => message.seq < first.seq);
  const overlaps = loaded.messages.some((message) => message.seq >= first.seq);
  // More mail came than one page holds: what was loaded no longer adjoins it, so it is dropped.
  if (!overlaps) return { messages: fresh, more: page.more };
  return { messages: [...older, ...fresh], more: older.length > 0 ? loaded.more : page.more };
}

/** Puts a page of older mail, asked for with `before`, in front or over what it covers. */
export function mergeBefore(loaded: MailPages, page: MailPage, before: number): MailPages {
  const fresh = oldestFirst(page);
  const newer = loaded.messages.filter((message) => message.seq >= before);
  if (!page.more) return { ...loaded, messages: [...fresh, ...newer], more: false };
  const lowest = fresh[0]?.seq ?? before;
  const older = loaded.messages.filter((message) => message.seq < lowest);
  return {
    ...loaded,
    messages: [...older, ...fresh, ...newer],
    more: older.length > 0 ? loaded.more : page.more,
  };
}

/**
 * The newest message below `seq` whose state can still change (unread, or on a rung that is not the
 * last): where a refresh has to look again.
 */
export function unsettledBelow(loaded: MailPages, seq: number): number | null {
  for (let i = loaded.messages.length - 1; i >= 0; i--) {
    const message = loaded.messages[i] as MessageView;
    if (message.seq < seq && !settled(message)) return message.seq;
  }
  return null;
}

function settled(message: MessageView): boolean {
  if (message.rung !== null) return isFinalRung(message.rung);
  return message.readAt !== null;
}

/** The newest pages' worth, so that places visited earlier do not keep a whole history in memory. */
export function trimmed(loaded: MailPages, keep: number): MailPages {
  if (loaded.messages.length <= keep) return loaded;
  return { ...loaded, messages: loaded.messages.slice(-keep), more: true };
}

function oldestFirst(page: MailPage): MessageView[] {
  return [...page.messages].sort((a, b) => a.seq - b.seq);
}
