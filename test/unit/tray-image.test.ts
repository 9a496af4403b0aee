import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TONES } from "../../build/icons.ts";
import { type Surroundings, trayImage } from "../../electron/shell/tray-image.ts";
import { contrast } from "../support/contrast.ts";

const ICONS = join(import.meta.dirname, "../../build/icons/tray");
const around = (
  platform: NodeJS.Platform,
  dark: boolean,
  desktop: string | undefined = undefined,
): Surroundings => ({ platform, dark, desktop });

describe("U1 which image the tray shows", () => {
  test.each<[Surroundings, string]>([
    [around("darwin", true), "trayTemplate.png"],
    [around("darwin", false), "trayTemplate.png"],
    [around("win32", true), "tray-windows-dark.png"],
    [around("win32", false), "tray-windows-light.png"],
    [around("linux", false, "ubuntu:GNOME"), "tray-dark.png"],
    [around("linux", false, "KDE"), "tray-light.png"],
    [around("linux", true, "KDE"), "tray-dark.png"],
    [around("linux", true, "XFCE"), "tray-any.png"],
    [around("linux", false), "tray-any.png"],
  ])("%o: %s", (surroundings, image) => {
    expect(trayImage(surroundings, false)).toBe(image);
    const attention = image.replace(/^tray(-windows)?/, "$&-attention");
    expect(trayImage(surroundings, true)).toBe(attention);
  });

  test("every image is there, for every density of its platform", () => {
    const names = new Map<string, { width: number; densities: number[] }>();
    for (const attention of [false, true]) {
      for (const dark of [false, true]) {
        for (const desktop of ["GNOME", "KDE", "XFCE"]) {
          const mac = trayImage(around("darwin", dark), attention);
          names.set(mac, { width: 16, densities: [1, 2] });
          const windows = trayImage(around("win32", dark), attention);
          names.set(windows, { width: 16, densities: [1, 1.5, 2] });
          const linux = trayImage(around("linux", dark, desktop), attention);
          names.set(linux, { width: 22, densities: [1, 2] });
        }
      }
    }
    expect(names.size).toBe(2 * (1 + 2 + 3));
    for (const [name, { width, densities }] of names) {
      for (const density of densities) {
        const scale = density === 1 ? "" : `@${density}x`;
        const png = readFileSync(join(ICONS, name.replace(".png", `${scale}.png`)));
        // PNG's first chunk: width and height as 32-bit numbers.
        expect([png.readUInt32BE(16), png.readUInt32BE(20)], name).toEqual(
          [width, width].map((side) => side * density),
        );
      }
    }
  });
});

/** Panels of common themes: GNOME's and Windows' light ones, and dark ones from black to dark grey. */
const LIGHT = ["#f6f5f4", "#eff0f1", "#ffffff"];
const DARK = ["#000000", "#1c1c1c", "#2b2b2b"];

test.each([
  ["-light", LIGHT],
  ["-dark", DARK],
  ["-any", [...LIGHT, ...DARK]],
] as const)("U1 glyph and badge of %s can be seen on the panels they are for", (tone, panels) => {
  for (const panel of panels) {
    expect(contrast(TONES[tone].glyph, panel), panel).toBeGreaterThanOrEqual(3);
    expect(contrast(TONES[tone].badge, panel), panel).toBeGreaterThanOrEqual(3);
  }
});
