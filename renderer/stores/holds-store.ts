import { create } from "zustand";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { DiscardedView, HoldView } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { useToast } from "./toast-store.ts";

interface HoldsStore {
  /** Oldest first; null until the first answer. */
  readonly holds: readonly HoldView[] | null;
  /** Last discarded first; null until somebody looked. */
  readonly discarded: readonly DiscardedView[] | null;
  readonly problem: ErrorView | null;
  /** The holds something is being done with, by `holdKey`. */
  readonly busy: ReadonlySet<string>;
  /** Why the last decision was not carried out. */
  readonly refusal: { readonly key: string; readonly problem: ErrorView } | null;
  load(): Promise<void>;
  loadDiscarded(): Promise<void>;
  assign(hold: HoldView, label: string): Promise<void>;
  discard(hold: HoldView): Promise<void>;
  undiscard(hold: HoldView): Promise<void>;
  /** Mail for the label this one is for goes to `to` while no session has that label. */
  redirect(hold: HoldView & { toSession: string }, to: string): Promise<void>;
}

export function holdKey(hold: Pick<HoldView, "agentId" | "seq">): string {
  return `${hold.agentId} ${hold.seq}`;
}

/** Counts requests, so that an answer overtaken by a later one is dropped. */
let latestLoad = 0;

export const useHolds = create<HoldsStore>((set, get) => {
  /** One decision about one hold at a time; afterwards the list is what the daemon says. */
  async function decide(hold: HoldView, act: () => Promise<unknown>): Promise<boolean> {
    const key = holdKey(hold);
    if (get().busy.has(key)) return false;
    set((state) => ({ busy: new Set(state.busy).add(key), refusal: null }));
    let done = true;
    try {
      await act();
    } catch (thrown) {
      done = false;
      set({ refusal: { key, problem: errorView(thrown) } });
    }
    await get().load();
    if (get().discarded !== null) await get().loadDiscarded();
    set((state) => ({ busy: without(state.busy, key) }));
    return done;
  }
  const target = ({ agentId, seq }: HoldView) => ({ agentId, seq });

  return {
    holds: null,
    discarded: null,
    problem: null,
    busy: new Set(),
    refusal: null,
    async load() {
      const mine = ++latestLoad;
      try {
        const { holds } = await call("holds.list", {});
        if (mine === latestLoad) set({ holds, problem: null });
      } catch (thrown) {
        if (mine === latestLoad) set({ problem: errorView(thrown) });
      }
    },
    async loadDiscarded() {
      try {
        const { discarded } = await call("discarded.list", {});
        set({ discarded, problem: null });
      } catch (thrown) {
        set({ problem: errorView(thrown) });
      }
    },
    async assign(hold, label) {
      const given = await decide(hold, () => call("hold.assign", { ...target(hold), label }));
      if (given) useToast.getState().show(`Given to ${hold.agentName} / ${label}`);
    },
    async discard(hold) {
      const done = await decide(hold, () => call("hold.discard", target(hold)));
      if (!done) return;
      useToast
        .getState()
        .show("Discarded; it can be taken back for 30 days", () => get().undiscard(hold));
    },
    async undiscard(hold) {
      const done = await decide(hold, () => call("hold.undiscard", target(hold)));
      // What was said of it is no longer so.
      if (done) useToast.getState().dismiss();
    },
    async redirect(hold, to) {
      const { agentId, toSession: from } = hold;
      const done = await decide(hold, () => call("redirect.set", { agentId, from, to }));
      if (!done) return;
      const made = `While ${from} is not live, its mail goes to ${to}`;
      useToast.getState().show(made, async () => {
        await decide(hold, () => call("redirect.remove", { agentId, from }));
      });
    },
  };
});

/** The hold to select when `key` is gone: the one that took its place, else the last. */
export function nextSelected(
  before: readonly HoldView[],
  after: readonly HoldView[],
  key: string | null,
): string | null {
  if (after.length === 0) return null;
  if (key !== null && after.some((hold) => holdKey(hold) === key)) return key;
  const index = before.findIndex((hold) => holdKey(hold) === key);
  const hold = after[Math.min(Math.max(index, 0), after.length - 1)];
  return hold ? holdKey(hold) : null;
}

function without(keys: ReadonlySet<string>, key: string): Set<string> {
  const rest = new Set(keys);
  rest.delete(key);
  return rest;
}
