import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BrowserWindow, nativeTheme } from "electron";
import type { WindowEvent, WindowEventName } from "../../shared/channels/channels.ts";
import { sendToWindow } from "./ipc.ts";

/** The main window: made when first shown, hidden rather than closed, sandboxed (rule Z3). */
export class MainWindow {
  private window: BrowserWindow | null = null;
  private readonly folder: string;
  private readonly page: string;
  private quitting = false;

  /** @param folder where `preload/` and `renderer/` of the build lie */
  constructor(folder: string) {
    this.folder = folder;
    this.page = pathToFileURL(join(folder, "renderer", "index.html")).href;
  }

  show(): void {
    const window = this.window ?? this.create();
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  isOurs(webContentsId: number, url: string): boolean {
    return this.window?.webContents.id === webContentsId && url.split(/[?#]/)[0] === this.page;
  }

  /** A hidden window is told too, so that showing it needs no loading. */
  send<N extends WindowEventName>(name: N, event: WindowEvent<N>): void {
    if (this.window) sendToWindow(this.window, name, event);
  }

  allowClose(): void {
    this.quitting = true;
  }

  private create(): BrowserWindow {
    const window = new BrowserWindow({
      width: 1100,
      height: 720,
      minWidth: 760,
      minHeight: 480,
      show: false,
      title: "tinyplace",
      backgroundColor: nativeTheme.shouldUseDarkColors ? "#17181b" : "#ffffff",
      autoHideMenuBar: true,
      webPreferences: {
        preload: join(this.folder, "preload", "preload.cjs"),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        spellcheck: false,
      },
    });
    const { webContents } = window;
    webContents.setWindowOpenHandler(() => ({ action: "deny" }));
    webContents.on("will-navigate", (event) => event.preventDefault());
    webContents.on("will-attach-webview", (event) => event.preventDefault());
    webContents.session.setPermissionRequestHandler((_contents, _permission, done) => done(false));
    window.on("close", (event) => {
      if (this.quitting) return;
      event.preventDefault();
      window.hide();
    });
    window.on("closed", () => {
      this.window = null;
    });
    this.window = window;
    void window.loadFile(join(this.folder, "renderer", "index.html"));
    return window;
  }
}
