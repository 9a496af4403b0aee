import { create } from "zustand";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";

interface HoldsStore {
  /** Oldest first; null until the first answer. */
  readonly holds: readonly HoldView[] | null;
  readonly problem: ErrorView | null;
  /** The holds being given away, by `holdKey`. */
  readonly assigning: ReadonlySet<string>;
  /** Why giving away the last one failed. */
  readonly refusal: { readonly key: string; readonly problem: ErrorView } | null;
  load(): Promise<void>;
  assign(hold: HoldView, label: string): Promise<void>;
}

export function holdKey(hold: HoldView): string {
  return `${hold.agentId} ${hold.seq}`;
}

/** Counts requests, so that an answer overtaken by a later one is dropped. */
let latestLoad = 0;

export const useHolds = create<HoldsStore>((set, get) => ({
  holds: null,
  problem: null,
  assigning: new Set(),
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
  async assign(hold, label) {
    const key = holdKey(hold);
    if (get().assigning.has(key)) return;
    set((state) => ({ assigning: new Set(state.assigning).add(key), refusal: null }));
    try {
      await call("hold.assign", { agentId: hold.agentId, seq: hold.seq, label });
    } catch (thrown) {
      set({ refusal: { key, problem: errorView(thrown) } });
    }
    await get().load();
    set((state) => ({ assigning: without(state.assigning, key) }));
  },
}));

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
