import type { Virtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useState } from "react";
import type { MailPages } from "../stores/mail-pages.ts";

const MARK_MS = 1600;
/** Pages loaded in search of a message before it counts as not there. */
const PAGES_SEARCHED = 20;

interface Search {
  readonly id: string;
  readonly pagesLeft: number;
}

/** Goes to a message by id, loading older mail until it is found, and marks it for a moment. */
export function useJump(
  pages: MailPages,
  first: string | null,
  loadOlder: () => Promise<void>,
  virtualizer: Virtualizer<HTMLDivElement, Element>,
) {
  const [search, setSearch] = useState<Search | null>(null);
  const [marked, setMarked] = useState<string | null>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    if (first !== null) setSearch({ id: first, pagesLeft: PAGES_SEARCHED });
  }, [first]);

  useEffect(() => {
    if (!search) return;
    const index = pages.messages.findIndex((message) => message.id === search.id);
    if (index >= 0) {
      virtualizer.scrollToIndex(index, { align: "center" });
      setMarked(search.id);
      setSearch(null);
    } else if (pages.more && search.pagesLeft > 0) {
      let current = true;
      void loadOlder().then(() => {
        if (current) setSearch({ id: search.id, pagesLeft: search.pagesLeft - 1 });
      });
      return () => {
        current = false;
      };
    } else {
      setMissing(true);
      setSearch(null);
    }
    return undefined;
  }, [search, pages, loadOlder, virtualizer]);

  useEffect(() => {
    if (marked === null && !missing) return;
    const timer = setTimeout(() => {
      setMarked(null);
      setMissing(false);
    }, MARK_MS);
    return () => clearTimeout(timer);
  }, [marked, missing]);

  const jumpTo = useCallback((id: string) => setSearch({ id, pagesLeft: PAGES_SEARCHED }), []);
  return { marked, missing, jumpTo };
}
