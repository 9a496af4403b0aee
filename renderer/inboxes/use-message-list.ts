import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { TimelineRow } from "./timeline.ts";

const TOP_SPACE = 40;
const ROWS_AHEAD = 12;

/**
 * The virtual list of one conversation: it opens at the newest message, stays there while new mail
 * comes, and keeps the row under the reader's eyes where it is while older pages are put above it.
 */
export function useMessageList(rows: readonly TimelineRow[], loadOlder: () => void) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => rows[index]?.message.seq ?? index,
    estimateSize: (index) => estimatedHeight(rows[index]),
    overscan: 6,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: 48,
    initialOffset: Number.MAX_SAFE_INTEGER,
    paddingStart: TOP_SPACE,
    paddingEnd: 16,
  });

  // Measured rows differ from their estimates: the end is only known after the first of them are drawn.
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current || rows.length === 0) return;
    opened.current = true;
    virtualizer.scrollToEnd();
  }, [rows.length, virtualizer]);

  // Asked for ahead of the edge, so that a reader scrolling up seldom meets it.
  const first = virtualizer.range?.startIndex ?? Number.POSITIVE_INFINITY;
  useEffect(() => {
    if (opened.current && first < ROWS_AHEAD) loadOlder();
  }, [first, loadOlder]);

  return { scroller, virtualizer, topSpace: TOP_SPACE };
}

/** Near enough for the scroll bar; every drawn row is measured. */
function estimatedHeight(row: TimelineRow | undefined): number {
  if (!row) return 64;
  const { message, startsDay } = row;
  const lines = Math.min(24, Math.ceil(message.text.length / 90));
  return (
    40 + 20 * lines + (startsDay ? 40 : 0) + (message.inReplyTo ? 20 : 0) + (message.rung ? 20 : 0)
  );
}
