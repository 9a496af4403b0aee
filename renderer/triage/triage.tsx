import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { holdKey, nextSelected, useHolds } from "../stores/holds-store.ts";
import { plural } from "../ui/format.ts";
import { answer, type TriageMenu } from "./hold-actions.tsx";
import { HoldDetail } from "./hold-detail.tsx";
import { HoldRow } from "./hold-row.tsx";
import { useTriageKeys } from "./use-triage-keys.ts";

const ROW_HEIGHT = 96;

/** The list of holds and the selected one beside it, `first` to begin with; nothing here needs a mouse. */
export function Triage({ holds, first }: { holds: readonly HoldView[]; first: string | null }) {
  const list = useRef<HTMLUListElement>(null);
  const [wanted, setWanted] = useState(first);
  // The hold whose menu is open: another that takes its place must not inherit the open menu.
  const [menuOf, setMenuOf] = useState<{ key: string; menu: TriageMenu } | null>(null);
  const before = useRef(holds);
  const selected = nextSelected(before.current, holds, wanted);
  useEffect(() => {
    before.current = holds;
    setWanted(selected);
    // A hold given away takes the focus with it; the next one gets it.
    if (document.activeElement === document.body) {
      list.current?.querySelector<HTMLElement>("[aria-current]")?.focus();
    }
  }, [holds, selected]);
  const index = holds.findIndex((entry) => holdKey(entry) === selected);
  const virtualizer = useVirtualizer({
    count: holds.length,
    getScrollElement: () => list.current,
    getItemKey: (row) => (holds[row] ? holdKey(holds[row]) : row),
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: where it begins; afterwards a person moves.
  useEffect(() => {
    if (first !== null && index >= 0) virtualizer.scrollToIndex(index, { align: "center" });
  }, []);
  const toFocus = useRef(first);
  const move = (step: number) => {
    const row = Math.min(Math.max(index + step, 0), holds.length - 1);
    const next = holds[row];
    if (!next) return;
    toFocus.current = holdKey(next);
    setWanted(toFocus.current);
    virtualizer.scrollToIndex(row, { align: "auto" });
    focusCurrent();
  };
  // A row that was out of sight is there only after it was scrolled to.
  const focusCurrent = () => {
    if (toFocus.current === null || toFocus.current !== selected) return;
    const row = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (!row) return;
    toFocus.current = null;
    row.focus({ preventScroll: true });
  };
  useEffect(focusCurrent);
  const hold = holds.find((entry) => holdKey(entry) === selected);
  const menu = menuOf !== null && menuOf.key === selected ? menuOf.menu : null;
  const open = (next: TriageMenu | null) =>
    setMenuOf(next && selected !== null ? { key: selected, menu: next } : null);
  const discard = () => {
    if (hold) void useHolds.getState().discard(hold);
  };
  useTriageKeys({
    list,
    menuOpen: menu !== null,
    move,
    keys: {
      a: () => open("give"),
      m: () => open("rule"),
      r: () => hold && answer(hold),
      e: discard,
      "#": discard,
    },
  });
  return (
    <div className="grid min-h-0 grow grid-rows-[minmax(0,2fr)_minmax(0,3fr)] @3xl:grid-cols-[minmax(280px,2fr)_minmax(0,3fr)] @3xl:grid-rows-[minmax(0,1fr)]">
      <ul
        ref={list}
        aria-label={plural(holds.length, "held message")}
        className="relative min-h-0 overflow-y-auto border-b border-line @3xl:border-r @3xl:border-b-0"
      >
        <li aria-hidden style={{ height: virtualizer.getTotalSize() }} />
        {virtualizer.getVirtualItems().map((row) => {
          const entry = holds[row.index];
          if (!entry) return null;
          const key = holdKey(entry);
          return (
            <li
              key={key}
              aria-setsize={holds.length}
              aria-posinset={row.index + 1}
              className="absolute inset-x-0 top-0 h-24"
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <HoldRow hold={entry} selected={key === selected} onSelect={setWanted} />
            </li>
          );
        })}
      </ul>
      {hold && <HoldDetail key={selected} hold={hold} menu={menu} onMenu={open} />}
    </div>
  );
}
