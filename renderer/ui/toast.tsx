import { X } from "lucide-react";
import { useEffect, useState } from "react";
import { useToast } from "../stores/toast-store.ts";
import { Button } from "./button.tsx";

const SHOWN_MS = 10_000;

/** Says what was done, with the way back; stays while the pointer or the focus is on it. */
export function ToastLine() {
  const toast = useToast((state) => state.toast);
  const { dismiss, undo } = useToast.getState();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!toast || held) return;
    const timer = setTimeout(() => dismiss(toast), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast, held, dismiss]);
  return (
    <div
      role="status"
      className="pointer-events-none absolute inset-x-0 bottom-4 z-20 flex justify-center px-4"
    >
      {toast && (
        // biome-ignore lint/a11y/noStaticElementInteractions: it only keeps the toast from leaving.
        <div
          data-testid="toast"
          className="pointer-events-auto flex max-w-xl min-w-0 items-center gap-3 rounded-lg border border-line bg-raised py-1.5 pr-1.5 pl-4 shadow-menu"
          onMouseEnter={() => setHeld(true)}
          onMouseLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
          <span className="min-w-0 wrap-anywhere">{toast.text}</span>
          {toast.undo && (
            <Button data-testid="undo" title="Undo (z)" onClick={() => void undo()}>
              Undo
            </Button>
          )}
          <Button look="quiet" aria-label="Dismiss" className="w-7 px-0" onClick={() => dismiss()}>
            <X aria-hidden className="size-3.5" />
          </Button>
        </div>
      )}
    </div>
  );
}
