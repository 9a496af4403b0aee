import { create } from "zustand";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { FoundMessage } from "../../shared/model/mail.ts";
import { call } from "../bridge/bridge.ts";

/** Typing goes on: what is looked for is asked for after this pause, in ms. */
const PAUSE_MS = 120;
const PAGE = 40;

/** What is looked for, and where; an agent or a session that is not named means all of them. */
export interface Wanted {
  readonly query: string;
  readonly agentId?: string;
  readonly label?: string;
  readonly way?: "received" | "sent";
  readonly unread?: boolean;
}

interface SearchStore {
  readonly wanted: Wanted;
  /** Newest first; null before the first answer, and while nothing is looked for. */
  readonly found: readonly FoundMessage[] | null;
  /** What `found` was asked with: its words are marked in it. */
  readonly asked: Wanted | null;
  readonly next: Readonly<Record<string, number>> | null;
  readonly problem: ErrorView | null;
  readonly selected: string | null;
  want(wanted: Wanted): void;
  more(): Promise<void>;
  select(key: string): void;
}

export function foundKey({ agentId, message }: FoundMessage): string {
  return `${agentId} ${message.seq}`;
}

/** Whether there is anything to look for: without words, only a filter says what. */
export function looksForSomething({ query, way, unread, label }: Wanted): boolean {
  return query.trim() !== "" || way !== undefined || unread === true || label !== undefined;
}

/** Counts questions, so that an answer overtaken by a later one is dropped. */
let latest = 0;

/** The search a person comes back to: it stays while other places are looked at. */
export const useSearch = create<SearchStore>((set, get) => {
  let pause: ReturnType<typeof setTimeout> | undefined;
  async function ask(): Promise<void> {
    const { wanted } = get();
    const mine = ++latest;
    if (!looksForSomething(wanted)) {
      set({ found: null, asked: null, next: null, problem: null });
      return;
    }
    try {
      const { found, next } = await call("mail.find", { ...wanted, limit: PAGE });
      if (mine !== latest) return;
      const first = found[0];
      set({ found, next, asked: wanted, problem: null, selected: first ? foundKey(first) : null });
    } catch (thrown) {
      if (mine === latest) set({ problem: errorView(thrown) });
    }
  }
  return {
    wanted: { query: "" },
    found: null,
    asked: null,
    next: null,
    problem: null,
    selected: null,
    want(wanted) {
      const typed = wanted.query !== get().wanted.query;
      set({ wanted });
      clearTimeout(pause);
      if (typed) pause = setTimeout(() => void ask(), PAUSE_MS);
      else void ask();
    },
    async more() {
      const { asked, next, found } = get();
      if (!asked || !next || !found) return;
      const mine = ++latest;
      try {
        const answer = await call("mail.find", { ...asked, before: next, limit: PAGE });
        if (mine !== latest) return;
        set({ found: [...found, ...answer.found], next: answer.next, problem: null });
      } catch (thrown) {
        if (mine === latest) set({ problem: errorView(thrown) });
      }
    },
    select(key) {
      set({ selected: key });
    },
  };
});
