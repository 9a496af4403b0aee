import { useEffect } from "react";
import type { WindowRequest } from "../../shared/channels/channels.ts";
import { errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { useToast } from "../stores/toast-store.ts";

/** Opens a composer window; why it could not is said where the person looks. */
export function compose(from: WindowRequest<"composer.open">): void {
  call("composer.open", from).catch((thrown: unknown) =>
    useToast.getState().show(errorView(thrown).error),
  );
}

/** Ctrl or Cmd and N, in every window. */
export function useComposeKey(): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== "n" || event.shiftKey || event.altKey) return;
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      compose({});
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
