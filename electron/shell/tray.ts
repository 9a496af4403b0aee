import { existsSync } from "node:fs";
import { join } from "node:path";
import { Menu, nativeImage, Tray } from "electron";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { needsAttention, type TrayAction, type TrayItem, trayMenu } from "./tray-menu.ts";

/** The tray icon. Its menu is rebuilt only when what it shows changed. */
export class AppTray {
  private readonly tray: Tray;
  private readonly icons: { normal: Electron.NativeImage; attention: Electron.NativeImage };
  private readonly act: (action: TrayAction) => void;
  private shown = "";

  /** @param icons folder of tray.png and tray-attention.png */
  constructor(icons: string, act: (action: TrayAction) => void) {
    this.act = act;
    this.icons = {
      normal: loadIcon(join(icons, "tray.png")),
      attention: loadIcon(join(icons, "tray-attention.png")),
    };
    this.tray = new Tray(this.icons.normal);
    this.tray.setToolTip("tinyplace");
    this.tray.on("click", () => act({ kind: "open" }));
  }

  update(snapshot: HostSnapshot): void {
    const items = trayMenu(snapshot);
    const text = JSON.stringify(items);
    if (text === this.shown) return;
    this.shown = text;
    this.tray.setImage(needsAttention(snapshot) ? this.icons.attention : this.icons.normal);
    this.tray.setContextMenu(Menu.buildFromTemplate(items.map((item) => this.template(item))));
  }

  destroy(): void {
    this.tray.destroy();
  }

  private template(item: TrayItem): Electron.MenuItemConstructorOptions {
    if (item.type === "separator") return { type: "separator" };
    // Ampersands mark access keys in some menus: a folder's name must not.
    const label = item.label.replaceAll("&", "&&");
    if (item.type === "text") return { label, enabled: false };
    return { label, click: () => this.act(item.action) };
  }
}

function loadIcon(path: string): Electron.NativeImage {
  return existsSync(path) ? nativeImage.createFromPath(path) : nativeImage.createEmpty();
}
