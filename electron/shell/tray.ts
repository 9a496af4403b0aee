import { join } from "node:path";
import { Menu, nativeImage, nativeTheme, Tray } from "electron";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import type { TrayHost } from "./tray-host.ts";
import { trayImage } from "./tray-image.ts";
import { STARTING, type TrayAction, type TrayItem, type TrayView, trayView } from "./tray-menu.ts";

/**
 * The tray icon, which says at first that the application starts. What it shows is set only when that
 * changed: an open menu is left alone.
 */
export class AppTray {
  private readonly folder: string;
  private act: (action: TrayAction) => void;
  private tray: Tray;
  private host: TrayHost | null = null;
  private hosted = false;
  private view: TrayView = STARTING;
  private shown = { image: "", toolTip: "", items: "" };

  /** @param icons folder of the images that `trayImage` names */
  constructor(icons: string, act: (action: TrayAction) => void) {
    this.folder = icons;
    this.act = act;
    this.tray = this.create();
    this.show();
    nativeTheme.on("updated", this.show);
  }

  /** @param host what was known when the icon was made, and every change since */
  follow(host: TrayHost): void {
    this.host = host;
    this.hosted = host.present;
    host.on("changed", this.hostChanged);
  }

  /** What actions lead to from here on. */
  answerWith(act: (action: TrayAction) => void): void {
    this.act = act;
  }

  /** @param startsAtLogin what the system's own setting says */
  update(snapshot: HostSnapshot, startsAtLogin: boolean): void {
    this.view = trayView(snapshot, startsAtLogin);
    this.show();
  }

  destroy(): void {
    this.host?.off("changed", this.hostChanged);
    nativeTheme.off("updated", this.show);
    this.tray.destroy();
  }

  private create(): Tray {
    const image = this.imageName();
    const tray = new Tray(this.image(image));
    this.shown = { image, toolTip: "", items: "" };
    // On macOS a click opens the menu, as it does for every icon of that bar.
    if (process.platform !== "darwin") tray.on("click", () => this.act({ kind: "open" }));
    return tray;
  }

  /**
   * An icon made while nothing showed icons is not shown by what comes later, at login for instance;
   * one that was shown finds back by itself.
   */
  private readonly hostChanged = (): void => {
    if (!this.host?.present || this.hosted) return;
    this.hosted = true;
    this.tray.destroy();
    this.tray = this.create();
    this.show();
  };

  private readonly show = (): void => {
    const image = this.imageName();
    const { toolTip } = this.view;
    const items = JSON.stringify(this.view.items);
    const { shown } = this;
    this.shown = { image, toolTip, items };
    if (image !== shown.image) this.tray.setImage(this.image(image));
    if (toolTip !== shown.toolTip) this.tray.setToolTip(toolTip);
    if (items !== shown.items) this.tray.setContextMenu(this.menu());
  };

  private menu(): Menu {
    return Menu.buildFromTemplate(this.view.items.map((item) => this.template(item)));
  }

  private template(item: TrayItem): Electron.MenuItemConstructorOptions {
    if (item.type === "separator") return { type: "separator" };
    // Ampersands mark access keys in some menus: a folder's name must not.
    const label = item.label.replaceAll("&", "&&");
    if (item.type === "text") return { label, enabled: false };
    // Not within the click: acting may replace the menu that is being clicked, which ends the process.
    const click = () => void setImmediate(() => this.act(item.action));
    if (item.checked === undefined) return { label, click };
    return { label, click, type: "checkbox", checked: item.checked };
  }

  private imageName(): string {
    const { platform } = process;
    const desktop = process.env.XDG_CURRENT_DESKTOP;
    const dark =
      platform === "win32"
        ? nativeTheme.shouldUseDarkColorsForSystemIntegratedUI
        : nativeTheme.shouldUseDarkColors;
    return trayImage({ platform, desktop, dark }, this.view.attention);
  }

  private image(name: string): Electron.NativeImage {
    const image = nativeImage.createFromPath(join(this.folder, name));
    if (process.platform === "darwin") image.setTemplateImage(true);
    return image;
  }
}
