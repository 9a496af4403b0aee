import { type RefObject, useEffect } from "react";

/** j and k (or the arrows) move through the holds, a opens the menu of sessions. */
export function useTriageKeys(options: {
  list: RefObject<HTMLElement | null>;
  menuOpen: boolean;
  openMenu: () => void;
}): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (options.menuOpen || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) return;
      const rows = [...(options.list.current?.querySelectorAll<HTMLElement>("[data-hold]") ?? [])];
      const inList = rows.includes(document.activeElement as HTMLElement);
      const step = stepOf(event.key, inList);
      if (step !== 0) {
        const current = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
        const row = rows[Math.min(Math.max(current + step, 0), rows.length - 1)];
        row?.focus();
        row?.scrollIntoView({ block: "nearest" });
        event.preventDefault();
      } else if (event.key === "a") {
        options.openMenu();
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
