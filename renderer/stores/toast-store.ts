import { create } from "zustand";

/** What was just done, and how to take it back. */
interface Toast {
  readonly text: string;
  readonly undo: (() => Promise<void>) | null;
}

interface ToastStore {
  /** Only the last one: what was done before it stays undoable in its own place. */
  readonly toast: Toast | null;
  show(text: string, undo?: () => Promise<void>): void;
  /** Without a toast given: whichever is shown. */
  dismiss(toast?: Toast): void;
  undo(): Promise<void>;
}

export const useToast = create<ToastStore>((set, get) => ({
  toast: null,
  show(text, undo) {
    set({ toast: { text, undo: undo ?? null } });
  },
  dismiss(toast) {
    set((state) => (toast && state.toast !== toast ? {} : { toast: null }));
  },
  async undo() {
    const { toast } = get();
    if (!toast?.undo) return;
    set({ toast: null });
    await toast.undo();
  },
}));
