import { type RefObject, useEffect } from "react";

/** Takes the focus where nothing has it any more, since what had it went with the page before. */
export function useLostFocus(target: RefObject<HTMLElement | null>, wanted = true): void {
  useEffect(() => {
    if (!wanted || document.activeElement !== document.body) return;
    target.current?.focus({ preventScroll: true });
  }, [target, wanted]);
}
