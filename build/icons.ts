import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { ROOT } from "./root.ts";

const FOLDER = join(ROOT, "build", "icons");
/** Width at scale 1. Linux and Windows panels scale from 22; macOS wants 16 and black with alpha. */
const TRAY: Readonly<Record<string, number>> = {
  tray: 22,
  "tray-attention": 22,
  trayTemplate: 16,
  "tray-attentionTemplate": 16,
};

/** `npm run icons`: draws the PNGs beside the SVGs. `@2x` is Electron's name for double density. */
for (const [name, width] of Object.entries(TRAY)) {
  draw(name, name, width);
  draw(name, `${name}@2x`, width * 2);
}
draw("app", "app", 512);

function draw(drawing: string, name: string, width: number): void {
  const svg = readFileSync(join(FOLDER, `${drawing}.svg`), "utf8");
  const png = new Resvg(svg, { fitTo: { mode: "width", value: width } }).render().asPng();
  writeFileSync(join(FOLDER, `${name}.png`), png);
}
