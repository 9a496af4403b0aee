import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Configuration } from "electron-builder";
import type { BundleKind } from "./bundle-config.ts";
import { ROOT } from "./root.ts";
import type { ElectronRuntime } from "./runtime/resolve-electron.ts";

/** The evaluation bundle's own binding, which is no dependency of the product. */
const EVALUATION_MODULES = ["@signalapp/sqlcipher", "node-gyp-build"];

/**
 * What is shipped: one archive, and native modules beside it, since the system cannot load them from
 * inside. `inspectable` is the twin that tests drive: it differs in the inspect fuse alone.
 */
export function packageConfig(electron: ElectronRuntime, inspectable: boolean): Configuration {
  const main = `out/${electron.kind}/main/main.js`;
  return {
    appId: "place.tiny.desktop",
    productName: "tinyplace",
    directories: { output: join("dist", inspectable ? "inspectable" : electron.kind) },
    electronVersion: electron.version,
    electronDist: electronFolder(electron),
    extraMetadata: { main },
    files: [
      `out/${electron.kind}/**`,
      "package.json",
      // SQLite's sources, beside the prebuilt binaries.
      "!node_modules/better-sqlite3/{deps,src}/**",
      ...evaluationFiles(electron.kind),
    ],
    asarUnpack: ["**/*.node", "**/node_modules/{better-sqlite3,@signalapp,@napi-rs}/**"],
    // Prebuilt for Node-API: nothing to compile for this Electron.
    npmRebuild: false,
    electronFuses: {
      // The bridge and the hooks run on the application's own executable.
      runAsNode: true,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: inspectable,
      enableEmbeddedAsarIntegrityValidation: process.platform !== "linux",
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
    },
    // The evaluation Electron comes with a launcher, which would be found before the archive.
    afterPack: ({ appOutDir }) => {
      rmSync(join(appOutDir, "resources", "app"), { recursive: true, force: true });
      return Promise.resolve();
    },
    linux: { icon: "build/icons/app.png", category: "Network", target: ["deb", "AppImage"] },
    mac: { icon: "build/icons/app.png", category: "public.app-category.developer-tools" },
    win: { icon: "build/icons/app.png", target: ["nsis"] },
  };
}

/** The folder that holds the whole distribution; on macOS the executable lies deep in the bundle. */
function electronFolder(electron: ElectronRuntime): string {
  if (electron.kind === "evaluation") return dirname(electron.executable);
  return join(ROOT, "node_modules", "electron", "dist");
}

function evaluationFiles(kind: BundleKind): { from: string; to: string }[] {
  if (kind === "official") return [];
  return EVALUATION_MODULES.map((name) => ({
    from: `node_modules/${name}`,
    to: `node_modules/${name}`,
  }));
}
