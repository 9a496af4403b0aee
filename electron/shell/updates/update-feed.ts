import { readFileSync } from "node:fs";
import { join } from "node:path";
import { app } from "electron";
import type { NoUpdates } from "../../../shared/model/updates.ts";
import type { UpdateFeed } from "./updates.ts";

/**
 * Updates by electron-updater, where the system checks their signatures: Squirrel does on macOS, and on
 * Windows electron-updater compares the publisher that the package names. On Linux nothing would
 * check them, so there they are the package manager's.
 */
export function updateFeed(): UpdateFeed {
  return { unavailable: unavailable(), fetch, install };
}

function unavailable(): NoUpdates | null {
  if (!app.isPackaged) return "not_packaged";
  if (process.platform === "linux") return "package_manager";
  const address = readAddress();
  if (address === null) return "no_address";
  return process.platform === "win32" && !/^publisherName:/m.test(address) ? "not_signed" : null;
}

/** As electron-builder wrote it into the package; null where the release named none. */
function readAddress(): string | null {
  try {
    return readFileSync(join(process.resourcesPath, "app-update.yml"), "utf8");
  } catch {
    return null;
  }
}

async function fetch(progress: (version: string, percent: number) => void): Promise<string | null> {
  const updater = await electronUpdater();
  let version = "";
  const available = (info: { version: string }) => {
    version = info.version;
  };
  const percent = (info: { percent: number }) => progress(version, Math.round(info.percent));
  updater.once("update-available", available);
  updater.on("download-progress", percent);
  try {
    const found = await updater.checkForUpdates();
    if (!found?.isUpdateAvailable) return null;
    await found.downloadPromise;
    return found.updateInfo.version;
  } finally {
    updater.off("update-available", available);
    updater.off("download-progress", percent);
  }
}

async function install(): Promise<void> {
  (await electronUpdater()).quitAndInstall(true, true);
}

/** Loaded by those who want updates alone. */
async function electronUpdater() {
  const { autoUpdater } = (await import("electron-updater")).default;
  autoUpdater.logger = null;
  autoUpdater.autoDownload = true;
  autoUpdater.allowDowngrade = false;
  return autoUpdater;
}
