import { type RefObject, useEffect } from "react";

/** What the keys beside j and k do to the selected hold. */
export type TriageKeys = Readonly<Record<string, () => void>>;

/** j and k (or the arrows) move through the holds; `keys` act on the selected one. */
export function useTriageKeys(options: {
  list: RefObject<HTMLElement | null>;
  menuOpen: boolean;
  /** By so many holds, down or up. */
  move: (step: number) => void;
  keys: TriageKeys;
}): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (options.menuOpen || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) return;
      const inList = options.list.current?.contains(document.activeElement) ?? false;
      const step = stepOf(event.key, inList);
      const act = Object.hasOwn(options.keys, event.key) ? options.keys[event.key] : undefined;
      if (step !== 0) {
        options.move(step);
        event.preventDefault();
      } else if (act && !event.repeat) {
        act();
        event.preventDefault();
      }
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  });
}

/** Arrows belong to whatever has the focus; only within the list do they move through it. */
function stepOf(key: string, inList: boolean): number {
  if (key === "j" || (inList && key === "ArrowDown")) return 1;
  if (key === "k" || (inList && key === "ArrowUp")) return -1;
  return 0;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}
