import { app } from "electron";
import { AppTray } from "./tray.ts";
import { TrayHost } from "./tray-host.ts";
import type { TrayAction } from "./tray-menu.ts";

export interface Icon {
  readonly tray: AppTray;
  readonly trayHost: TrayHost;
}

/** The tray icon of an application that starts: made once, when it is first shown. */
export class StartIcon {
  private readonly images: string;
  private readonly act: (action: TrayAction) => void;
  private made: Promise<Icon> | null = null;

  /** @param images folder of the images that `trayImage` names */
  constructor(images: string, act: (action: TrayAction) => void) {
    this.images = images;
    this.act = act;
  }

  /** Once Electron is ready. */
  show(): Promise<Icon> {
    this.made ??= this.make();
    return this.made;
  }

  /** The application does not start after all. */
  async remove(): Promise<void> {
    const icon = await this.made;
    icon?.tray.destroy();
    icon?.trayHost.close();
  }

  private async make(): Promise<Icon> {
    await app.whenReady();
    // It asks before there is an icon: what shows icons only from then on is a change, and heard of.
    const watching = TrayHost.watch();
    const tray = new AppTray(this.images, this.act);
    const trayHost = await watching;
    tray.follow(trayHost);
    return { tray, trayHost };
  }
}
