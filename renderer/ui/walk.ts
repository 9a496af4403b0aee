import type { KeyboardEvent } from "react";

/** For a list: the arrow keys walk those of its parts that match, one of which has the focus. */
export function walk(selector: string): (event: KeyboardEvent<HTMLElement>) => void {
  return (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    const parts = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)];
    const index = parts.indexOf(document.activeElement as HTMLElement);
    if (index < 0) return;
    event.preventDefault();
    parts[index + step]?.focus();
  };
}
