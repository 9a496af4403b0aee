import { create } from "zustand";
import type { Place } from "../../shared/model/place.ts";
import type { Setup } from "../../shared/model/setup.ts";
import { call } from "../bridge/bridge.ts";

interface PlaceStore {
  /** What the person or a notification asked for; null until then. */
  readonly chosen: Place | null;
  /** Whether it is known where to begin: what is drawn before that may be the wrong place. */
  readonly known: boolean;
  /** The first steps, while they are not done. */
  readonly setup: Setup | null;
  go(place: Place): void;
  /**
   * Where to begin: where the window was asked to go while it loaded, or where the last run ended.
   * Resolves whatever the answer is: without one, it begins anew.
   */
  load(): Promise<void>;
  remember(setup: Setup | null): void;
}

export const usePlace = create<PlaceStore>((set, get) => ({
  chosen: null,
  known: false,
  setup: null,
  go(place) {
    set({ chosen: place });
    // Forgotten should this fail: the window then begins where it always does.
    call("window.remember", { place: lasting(place) }).catch(() => undefined);
  },
  async load() {
    const last = await call("window.remembered", {}).catch(() => null);
    if (last) {
      const { chosen, go } = get();
      // What was asked for meanwhile is newer.
      if (!chosen && last.asked) go(last.asked);
      else set({ chosen: chosen ?? (last.setup ? { view: "setup" } : last.place) });
      set({ setup: last.setup });
    }
    set({ known: true });
  },
  remember(setup) {
    set({ setup });
    call("window.remember", { setup }).catch(() => undefined);
  },
}));

/** A message that was gone to once is no place to come back to; its session is, or the list of holds. */
function lasting(place: Place): Place {
  if (place.view === "unrouted") return { view: "unrouted" };
  if (place.view !== "session") return place;
  return { view: "session", agentId: place.agentId, label: place.label };
}
