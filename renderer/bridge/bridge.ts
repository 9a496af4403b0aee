import type {
  WindowBridge,
  WindowCallName,
  WindowEvent,
  WindowEventName,
  WindowRequest,
  WindowResponse,
} from "../../shared/channels/channels.ts";
import { isErrorCode, TinyplaceError } from "../../shared/errors/errors.ts";

declare global {
  interface Window {
    /** Absent when the preload script did not run. */
    readonly tinyplace?: WindowBridge;
  }
}

/** Calls the main process. Throws `TinyplaceError`, whatever went wrong, so that views need one shape. */
export async function call<N extends WindowCallName>(
  name: N,
  request: WindowRequest<N>,
): Promise<WindowResponse<N>> {
  const answer = await bridge().call(name, request);
  if (answer.ok) return answer.value;
  const { code, error, next } = answer.error;
  throw new TinyplaceError(isErrorCode(code) ? code : "internal", error, next);
}

/** Listens to one event; the returned function ends it. */
export function on<N extends WindowEventName>(
  name: N,
  listener: (event: WindowEvent<N>) => void,
): () => void {
  return bridge().on(name, listener);
}

function bridge(): WindowBridge {
  const found = window.tinyplace;
  if (found) return found;
  throw new TinyplaceError(
    "internal",
    "This window has no connection to tinyplace.",
    "Close the window and open it again from the tray; if that does not help, quit and restart tinyplace.",
  );
}
