import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { ROOT } from "./root.ts";

const FOLDER = join(ROOT, "build", "icons");

/**
 * The tray's drawing in each tone it is needed in. The panel's own colour is behind it: light, dark, or
 * not known. macOS colours a template itself and looks at its alpha alone.
 */
export const TONES = {
  Template: { glyph: "#000000", badge: "#000000" },
  "-light": { glyph: "#4f57d6", badge: "#d92d3d" },
  "-dark": { glyph: "#a9b0ff", badge: "#ff7480" },
  "-any": { glyph: "#747ef0", badge: "#ee4654" },
} as const;

/** Width at density 1, and the densities; `@2x` is Electron's name for a double one. */
const SIZES = [
  { prefix: "tray", tones: ["Template"], width: 16, densities: [1, 2] },
  { prefix: "tray-windows", tones: ["-light", "-dark"], width: 16, densities: [1, 1.5, 2] },
  { prefix: "tray", tones: ["-light", "-dark", "-any"], width: 22, densities: [1, 2] },
] as const;

/** `npm run icons`: draws the PNGs from the SVGs. */
function drawAll(): void {
  writeFileSync(join(FOLDER, "app.png"), draw("app", 512));
  const folder = join(FOLDER, "tray");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { prefix, tones, width, densities } of SIZES) {
    for (const tone of tones) {
      for (const state of ["", "-attention"]) {
        for (const density of densities) {
          const scale = density === 1 ? "" : `@${density}x`;
          const png = draw(`tray${state}`, width * density, TONES[tone]);
          writeFileSync(join(folder, `${prefix}${state}${tone}${scale}.png`), png);
        }
      }
    }
  }
}

function draw(name: string, width: number, colours?: { glyph: string; badge: string }): Buffer {
  const drawing = readFileSync(join(FOLDER, `${name}.svg`), "utf8");
  const { glyph, badge } = colours ?? {};
  const style = colours
    ? `<style>.glyph { fill: ${glyph} } .badge { fill: ${badge} }</style></svg>`
    : "</svg>";
  const svg = drawing.replace("</svg>", style);
  return new Resvg(svg, { fitTo: { mode: "width", value: width } }).render().asPng();
}

if (process.argv[1] === import.meta.filename) drawAll();
