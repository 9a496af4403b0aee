import { existsSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { app } from "electron";
import { replaceFile } from "../platform/atomic-file.ts";
import { autostartEntry } from "./autostart-entry.ts";

/**
 * Whether the system starts the application at login, hidden to the tray (rule U4). The system's own
 * setting is the truth, not a copy of it: a person may change it there.
 */
export class StartAtLogin {
  private readonly words: readonly string[];

  /** @param home the data folder, when it is not the usual one */
  constructor(home: string | null) {
    this.words = ["--hidden", ...(home === null ? [] : ["--home", home])];
  }

  get on(): boolean {
    if (process.platform === "linux") return existsSync(entryPath());
    return app.getLoginItemSettings({ args: [...this.words] }).openAtLogin;
  }

  set(on: boolean): void {
    if (process.platform !== "linux") {
      app.setLoginItemSettings({ openAtLogin: on, args: [...this.words] });
    } else if (on) {
      mkdirSync(dirname(entryPath()), { recursive: true });
      replaceFile(entryPath(), autostartEntry([...program(), ...this.words]));
    } else {
      rmSync(entryPath(), { force: true });
    }
  }
}

function entryPath(): string {
  const config = process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
  return join(config, "autostart", "tinyplace.desktop");
}

/** An AppImage runs from a folder that is another one every time. */
function program(): string[] {
  const { APPIMAGE } = process.env;
  if (APPIMAGE) return [APPIMAGE];
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}
