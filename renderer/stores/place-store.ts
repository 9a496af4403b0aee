import { create } from "zustand";
import type { Place } from "./place.ts";

interface PlaceStore {
  /** What the person or a notification asked for; null until then. */
  readonly chosen: Place | null;
  go(place: Place): void;
}

export const usePlace = create<PlaceStore>((set) => ({
  chosen: null,
  go(place) {
    set({ chosen: place });
  },
}));
