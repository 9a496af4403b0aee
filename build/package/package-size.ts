import { lstatSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** In bytes. */
export interface PackageSize {
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
}

/** What a packaged application takes, and which part of it how much. */
export function sizeOf(folder: string): PackageSize {
  const parts: Record<string, number> = {};
  let total = 0;
  for (const path of filesIn(folder)) {
    const { size } = lstatSync(path);
    const part = partOf(relative(folder, path).split(sep).join("/"));
    parts[part] = (parts[part] ?? 0) + size;
    total += size;
  }
  return { total, parts };
}

/** Every file under a folder, as paths that begin with it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

function partOf(path: string): string {
  const native = /app\.asar\.unpacked\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (native) return `native: ${native}`;
  if (path.endsWith("app.asar")) return "program";
  if (/(^|\/)locales\/|\.lproj\//.test(path)) return "Electron: locales";
  if (/LICENSES?\b/.test(path)) return "Electron: licences";
  return "Electron";
}
