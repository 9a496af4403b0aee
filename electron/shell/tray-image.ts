/** What decides how the icon must look to be seen. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** XDG_CURRENT_DESKTOP: names parted by colons, such as `ubuntu:GNOME`. */
  readonly desktop: string | undefined;
  /** The system's colour scheme; on Windows, the taskbar's. */
  readonly dark: boolean;
}

/** Desktops whose bar is dark whatever the colour scheme. */
const DARK_BARS = ["GNOME", "Unity", "Pantheon"];
/** Desktops whose panel follows the colour scheme. */
const FOLLOWS_SCHEME = ["KDE"];

/**
 * The image file for the tray, without folder; its denser versions lie beside it. macOS colours a
 * template to its menu bar; elsewhere the image is made for a light or a dark panel. Where a Linux
 * panel's colour cannot be known, one that can be seen on both.
 */
export function trayImage(around: Surroundings, attention: boolean): string {
  const state = attention ? "-attention" : "";
  if (around.platform === "darwin") return `tray${state}Template.png`;
  const kind = around.platform === "win32" ? "tray-windows" : "tray";
  return `${kind}${state}-${panelTone(around)}.png`;
}

function panelTone({ platform, desktop, dark }: Surroundings): "light" | "dark" | "any" {
  const scheme = dark ? "dark" : "light";
  if (platform === "win32") return scheme;
  const names = desktop?.split(":") ?? [];
  if (names.some((name) => DARK_BARS.includes(name))) return "dark";
  return names.some((name) => FOLLOWS_SCHEME.includes(name)) ? scheme : "any";
}
