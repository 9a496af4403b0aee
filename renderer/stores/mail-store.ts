import { create } from "zustand";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { paced } from "../../shared/pacing/paced.ts";
import { systemTimers } from "../../shared/pacing/timers.ts";
import { call } from "../bridge/bridge.ts";
import {
  type MailPages,
  mergeBefore,
  mergeNewest,
  PAGE_SIZE,
  trimmed,
  unsettledBelow,
} from "./mail-pages.ts";

/** One session's mail, or one conversation of it. */
export interface MailPlace {
  readonly agentId: string;
  readonly label: string;
  readonly peer?: string;
  /** The other session, where `peer` is the agent itself. */
  readonly other?: string | null;
  readonly unread?: boolean;
  /** Only mail below this `seq`: the past, as a search found it. */
  readonly until?: number;
}

/** One session's mail as far as it is loaded. */
export interface Inbox {
  readonly pages: MailPages | null;
  readonly problem: ErrorView | null;
  readonly loadingOlder: boolean;
}

interface MailStore {
  readonly inboxes: Readonly<Record<string, Inbox>>;
  /** The inbox on screen; only this one is fetched again when mail changes. */
  readonly shown: MailPlace | null;
  show(place: MailPlace): Promise<void>;
  hide(place: MailPlace): void;
  /** Fetches the newest mail, and older loaded mail whose state may have changed. */
  refresh(place: MailPlace): Promise<void>;
  /** Mail on screen changed: it is fetched again, at once or when a burst of changes lets it. */
  changed(): void;
  loadOlder(place: MailPlace): Promise<void>;
}

const EMPTY: Inbox = { pages: null, problem: null, loadingOlder: false };
const INBOXES_KEPT = 8;
const MESSAGES_KEPT = 2 * PAGE_SIZE;
/** A refresh looks at no more older pages than this: mail further up is fetched when opened again. */
const OLDER_PAGES_REFRESHED = 4;
/**
 * In a burst of mail, between one refresh and the next, in ms: nobody reads faster, and both processes
 * have better things to do.
 */
const REST_MS = 250;

export function inboxKey({ agentId, label, peer, other, unread, until }: MailPlace): string {
  const session = other === undefined ? [] : other;
  return JSON.stringify([agentId, label, peer, session, unread === true, until]);
}

/** Refreshes under way; true once another was asked for meanwhile. */
const refreshing = new Map<string, boolean>();

export const useMail = create<MailStore>((set, get) => {
  function patch(key: string, change: Partial<Inbox>): void {
    set((state) => ({
      inboxes: { ...state.inboxes, [key]: { ...(state.inboxes[key] ?? EMPTY), ...change } },
    }));
  }

  async function fetchInto(place: MailPlace): Promise<void> {
    const key = inboxKey(place);
    const { until, ...listed } = place;
    const upTo = until === undefined ? {} : { before: until };
    const newest = await call("inbox.list", { ...listed, ...upTo, limit: PAGE_SIZE });
    let pages = mergeNewest(get().inboxes[key]?.pages ?? null, newest);
    patch(key, { pages, problem: null });
    let below = newest.messages.at(-1)?.seq ?? 0;
    for (let page = 0; page < OLDER_PAGES_REFRESHED; page++) {
      const seq = unsettledBelow(pages, below);
      if (seq === null) return;
      const older = await call("inbox.list", { ...listed, limit: PAGE_SIZE, before: seq + 1 });
      pages = mergeBefore(get().inboxes[key]?.pages ?? pages, older, seq + 1);
      patch(key, { pages });
      below = older.messages.at(-1)?.seq ?? 0;
    }
  }

  const soon = paced(systemTimers, { gatherMs: 0, restMs: REST_MS }, async () => {
    const { shown, refresh } = get();
    if (shown) await refresh(shown);
  });

  return {
    inboxes: {},
    shown: null,
    async show(place) {
      set({ shown: place });
      await get().refresh(place);
    },
    hide(place) {
      const key = inboxKey(place);
      set((state) => ({
        shown: state.shown && inboxKey(state.shown) === key ? null : state.shown,
        inboxes: kept(state.inboxes, key),
      }));
    },
    async refresh(place) {
      const key = inboxKey(place);
      if (refreshing.has(key)) {
        refreshing.set(key, true);
        return;
      }
      try {
        do {
          refreshing.set(key, false);
          await fetchInto(place);
        } while (refreshing.get(key));
      } catch (thrown) {
        patch(key, { problem: errorView(thrown) });
      } finally {
        refreshing.delete(key);
      }
    },
    changed: soon.changed,
    async loadOlder(place) {
      const key = inboxKey(place);
      const inbox = get().inboxes[key];
      const before = inbox?.pages?.messages[0]?.seq;
      if (!inbox?.pages?.more || inbox.loadingOlder || before === undefined) return;
      patch(key, { loadingOlder: true });
      try {
        const { until: _, ...listed } = place;
        const page = await call("inbox.list", { ...listed, limit: PAGE_SIZE, before });
        const pages = get().inboxes[key]?.pages;
        patch(key, {
          loadingOlder: false,
          ...(pages && { pages: mergeBefore(pages, page, before) }),
        });
      } catch (thrown) {
        patch(key, { loadingOlder: false, problem: errorView(thrown) });
      }
    },
  };
});

/** Keeps the inboxes left last, so that going back shows them at once, each cut to its newest mail. */
function kept(inboxes: Readonly<Record<string, Inbox>>, left: string): Record<string, Inbox> {
  const inbox = inboxes[left];
  const others = Object.entries(inboxes).filter(([key]) => key !== left);
  const result = Object.fromEntries(others.slice(-(INBOXES_KEPT - 1)));
  if (inbox?.pages) result[left] = { ...EMPTY, pages: trimmed(inbox.pages, MESSAGES_KEPT) };
  return result;
}
