import type { BrowserWindow } from "electron";
import type { WindowEvent, WindowEventName } from "../../shared/channels/channels.ts";
import { sendToWindow } from "./ipc.ts";

/**
 * What one window is told. Nobody looks at a hidden window, so it is told nothing and draws nothing;
 * shown again, it is told once that it has to ask anew.
 */
export class WindowFeed {
  private readonly window: BrowserWindow;
  private missed = false;

  constructor(window: BrowserWindow) {
    this.window = window;
    const shown = () => {
      if (!this.missed) return;
      this.missed = false;
      sendToWindow(window, "window.missed", {});
    };
    window.on("show", shown);
    window.on("restore", shown);
  }

  send<N extends WindowEventName>(name: N, event: WindowEvent<N>): void {
    if (this.window.isDestroyed()) return;
    if (this.window.isVisible() && !this.window.isMinimized()) {
      sendToWindow(this.window, name, event);
    } else this.missed = true;
  }
}
