import { type RefObject, useEffect } from "react";
import { useToast } from "../stores/toast-store.ts";

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
  usePlainKeys((event) => {
    if (options.menuOpen) return;
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
  });
}

/** z takes back what was done last, also where that left no hold to select. */
export function useUndoKey(): void {
  usePlainKeys((event) => {
    if (event.key !== "z" || event.repeat) return;
    void useToast.getState().undo();
    event.preventDefault();
  });
}

/** Keys pressed by themselves, while nothing that takes letters has the focus. */
function usePlainKeys(onKey: (event: KeyboardEvent) => void): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || takesLetters(event.target)) return;
      onKey(event);
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

function takesLetters(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, [role=menu]") !== null;
}
