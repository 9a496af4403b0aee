import { useEffect } from "react";
import type { Place } from "../../shared/model/place.ts";
import { usePlace } from "../stores/place-store.ts";

/** Ctrl or Cmd and K searches everywhere, with F where the person is. */
export function useSearchKeys(here: Place): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.shiftKey || event.altKey || !(event.ctrlKey || event.metaKey)) return;
      const key = event.key.toLowerCase();
      if (key !== "k" && key !== "f") return;
      event.preventDefault();
      const { go } = usePlace.getState();
      if (here.view === "search") document.getElementById("search-words")?.focus();
      else if (key === "f" && here.view === "session") {
        go({ view: "search", agentId: here.agentId, label: here.label });
      } else if (key === "f" && here.view === "agent") {
        go({ view: "search", agentId: here.agentId });
      } else go({ view: "search" });
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [here]);
}
