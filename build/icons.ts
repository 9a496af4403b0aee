import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { ROOT } from "./root.ts";

/** Draws the icons into build/icons: an envelope, and the same with a dot when something waits. */
const MARK = "#6d7bf0";
const DOT = "#e5484d";

function drawing(options: { attention: boolean; tile: boolean }): string {
  const tile = options.tile ? `<rect width="64" height="64" rx="14" fill="${MARK}"/>` : "";
  const ink = options.tile ? "#ffffff" : MARK;
  const dot = options.attention ? `<circle cx="50" cy="16" r="11" fill="${DOT}"/>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">${tile}
    <rect x="9" y="16" width="46" height="34" rx="6" fill="none" stroke="${ink}" stroke-width="6"/>
    <path d="M12 21 32 37 52 21" fill="none" stroke="${ink}" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"/>
    ${dot}</svg>`;
}

function write(name: string, svg: string, width: number): void {
  const png = new Resvg(svg, { fitTo: { mode: "width", value: width } }).render().asPng();
  writeFileSync(join(ROOT, "build", "icons", name), png);
}

mkdirSync(join(ROOT, "build", "icons"), { recursive: true });
for (const attention of [false, true]) {
  const name = attention ? "tray-attention" : "tray";
  write(`${name}.png`, drawing({ attention, tile: false }), 22);
  write(`${name}@2x.png`, drawing({ attention, tile: false }), 44);
}
write("app.png", drawing({ attention: false, tile: true }), 512);
