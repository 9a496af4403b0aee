import { type BrowserWindow, ipcMain } from "electron";
import {
  type WindowAnswer,
  type WindowCallName,
  type WindowEvent,
  type WindowEventName,
  type WindowHandlers,
  windowCalls,
} from "../../shared/channels/channels.ts";
import { errorView, TinyplaceError } from "../../shared/errors/errors.ts";

const CALL = "tinyplace:call";
const EVENT = "tinyplace:event";

/**
 * Answers the windows' calls. Sender and shape are checked here, before any handler, so that none can
 * skip it (rule Z3): only the main frame of one of our own windows, on our own page, is answered.
 */
export function answerWindows(
  handlers: WindowHandlers,
  isOurs: (webContentsId: number, url: string) => boolean,
): void {
  ipcMain.handle(
    CALL,
    async (event, name: unknown, request: unknown): Promise<WindowAnswer<never>> => {
      try {
        const frame = event.senderFrame;
        const trusted =
          frame !== null && frame === event.sender.mainFrame && isOurs(event.sender.id, frame.url);
        if (!trusted) throw refused("this page may not call tinyplace");
        if (typeof name !== "string" || !Object.hasOwn(windowCalls, name))
          throw refused("no such call");
        const call = name as WindowCallName;
        const parsed = windowCalls[call].request.safeParse(request);
        if (!parsed.success) throw refused(parsed.error.issues[0]?.message ?? "a wrong request");
        return { ok: true, value: (await handlers[call](parsed.data as never)) as never };
      } catch (error) {
        return { ok: false, error: errorView(error) };
      }
    },
  );
}

export function sendToWindow<N extends WindowEventName>(
  window: BrowserWindow,
  name: N,
  event: WindowEvent<N>,
): void {
  if (!window.isDestroyed()) window.webContents.send(EVENT, name, event);
}

function refused(what: string): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `Refused: ${what}.`,
    "Close this window and open it again.",
  );
}
