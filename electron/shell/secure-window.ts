import { join } from "node:path";
import { BrowserWindow, type BrowserWindowConstructorOptions, nativeTheme } from "electron";

/**
 * A window as every window here is (rule Z3): sandboxed, isolated, refusing to navigate, to open
 * others, and to ask for permissions. `folder` is where `preload/` and `renderer/` lie.
 */
export function secureWindow(
  folder: string,
  options: BrowserWindowConstructorOptions,
): BrowserWindow {
  const window = new BrowserWindow({
    show: false,
    title: "tinyplace",
    backgroundColor: nativeTheme.shouldUseDarkColors ? "#17191e" : "#ffffff",
    autoHideMenuBar: true,
    ...options,
    webPreferences: {
      preload: join(folder, "preload", "preload.cjs"),
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
  webContents.session.setPermissionCheckHandler(() => false);
  return window;
}
