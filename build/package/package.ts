import { join } from "node:path";
import { build, Platform } from "electron-builder";
import { bundle } from "../bundle.ts";
import { failPlainly, ROOT } from "../root.ts";
import { resolveElectron } from "../runtime/resolve-electron.ts";
import { inspectableTwin } from "./inspectable-twin.ts";
import { packageConfig } from "./package-config.ts";
import { type PackageSize, sizeOf } from "./package-size.ts";

/**
 * `npm run package`: an unpacked application under dist/, and its size. `-- --installers` makes this
 * platform's installers too, on a machine that reaches their tools; `-- --inspectable` makes the tests'
 * twin; with `-- --json` the last line is JSON.
 */
const words = new Set(process.argv.slice(2));

export interface Packaged {
  /** The application's folder. */
  readonly folder: string;
  /** The same with the inspect fuse on; null where it was not asked for. */
  readonly inspectable: string | null;
  readonly bytes: PackageSize;
}

await makePackage().then(print, failPlainly);

async function makePackage(): Promise<Packaged> {
  const electron = await resolveElectron();
  const installers = words.has("--installers");
  if (installers && electron.kind === "evaluation") {
    throw new Error("Installers are made with the official Electron only, which is not here.");
  }
  await bundle(electron.kind);
  let folder = "";
  const packed = (made: string) => {
    folder = made;
  };
  await build({
    projectDir: ROOT,
    config: packageConfig(electron, packed),
    targets: installers
      ? Platform.current().createTarget()
      : Platform.current().createTarget("dir"),
    publish: "never",
  });
  const inspectable = words.has("--inspectable")
    ? await inspectableTwin(folder, join(ROOT, "dist", "inspectable"))
    : null;
  return { folder, inspectable, bytes: sizeOf(folder) };
}

function print(packaged: Packaged): void {
  if (words.has("--json")) return void process.stdout.write(`${JSON.stringify(packaged)}\n`);
  const { total, parts } = packaged.bytes;
  const rows = [...Object.entries(parts).sort(([, a], [, b]) => b - a), ["total", total] as const];
  for (const [name, bytes] of rows) {
    process.stdout.write(`${(bytes / 1e6).toFixed(1).padStart(8)} MB  ${name}\n`);
  }
  process.stdout.write(`${packaged.folder}\n`);
}
