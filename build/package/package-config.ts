import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Configuration } from "electron-builder";
import type { BundleKind } from "../bundle-config.ts";
import { ROOT } from "../root.ts";
import type { ElectronRuntime } from "../runtime/resolve-electron.ts";

const FILES = "build/package/files";
/** SQLite's binding in each bundle, and what it needs besides; the other one is left out. */
const SQLITE: Record<Exclude<BundleKind, "test">, readonly string[]> = {
  official: ["better-sqlite3"],
  evaluation: ["@signalapp/sqlcipher", "node-gyp-build"],
};

/** What the build leaves for itself. */
const BUILD_ONLY = ["!package.json", "!inputs.sha256", "!icons/**/*.svg"];
/** Other platforms' binaries, and what a program does not read; patterns inside a library's folder. */
const NOT_RUN = [
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: electron-builder's own macros
  "!**/prebuilds/!(${platform}-${arch}*)",
  "!**/prebuilds/!(${platform}-${arch})/**",
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: electron-builder's own macros
  "!**/*.{md,map,gyp,gypi,c,h,ts,mts,cts}",
];

/**
 * What is shipped: one archive with the program and its few libraries, and beside it their native
 * binaries, since the system cannot load them from inside. Binaries for other platforms, sources,
 * declarations and documents stay out.
 *
 * @param packed told of the folder that the application was put into
 */
export function packageConfig(
  electron: ElectronRuntime,
  packed: (folder: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Configuration {
  const { kind } = electron;
  return {
    appId: "place.tiny.desktop",
    productName: "tinyplace",
    copyright: "AGPL-3.0-only",
    directories: { output: join("dist", kind) },
    electronVersion: electron.version,
    electronDist: electronFolder(electron),
    electronLanguages: ["en-US"],
    extraMetadata: { main: "main/main.js" },
    files: [
      { from: `out/${kind}`, to: ".", filter: ["**/*", ...BUILD_ONLY] },
      "package.json",
      "LICENSE",
      ...libraryFiles(kind),
    ],
    // Nothing but what the system loads itself; a package with a binary would be unpacked whole.
    asar: { smartUnpack: false },
    asarUnpack: ["**/*.node"],
    // Prebuilt for Node-API: nothing to compile for this Electron.
    npmRebuild: false,
    electronFuses: {
      // The bridge and the hooks run on the application's own executable (docs/adr/0004).
      runAsNode: true,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: process.platform !== "linux",
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
    },
    afterPack: ({ appOutDir }) => {
      if (kind === "evaluation") removeCarried(appOutDir);
      packed(appOutDir);
      return Promise.resolve();
    },
    // Links `tinyplace:` open the application.
    protocols: [{ name: "tinyplace", schemes: ["tinyplace"] }],
    ...platforms(env),
    // Where updates come from is the release's own matter; without it the package asks nobody.
    publish: env.TINYPLACE_UPDATE_URL
      ? [{ provider: "generic", url: env.TINYPLACE_UPDATE_URL }]
      : null,
  };
}

/** Identities and passwords for signing come from the release machine's environment alone. */
function platforms(env: NodeJS.ProcessEnv): Configuration {
  const tinyplaceOnPath = `${FILES}/usr-bin-tinyplace=/usr/bin/tinyplace`;
  return {
    linux: {
      target: ["AppImage", "deb", "rpm"],
      executableName: "tinyplace-desktop",
      icon: "build/icons/app.png",
      category: "Network",
      synopsis: "Mail between Claude Code sessions",
      maintainer: "tinyplace",
      vendor: "tinyplace",
      extraResources: [{ from: `${FILES}/tinyplace`, to: "bin/tinyplace" }],
    },
    deb: { fpm: [tinyplaceOnPath] },
    rpm: { fpm: [tinyplaceOnPath] },
    mac: {
      target: [{ target: "dmg", arch: "universal" }],
      icon: "build/icons/app.png",
      category: "public.app-category.developer-tools",
      hardenedRuntime: true,
      entitlements: `${FILES}/entitlements.mac.plist`,
      entitlementsInherit: `${FILES}/entitlements.mac.plist`,
      notarize: Boolean(env.APPLE_API_KEY || env.APPLE_ID || env.APPLE_KEYCHAIN_PROFILE),
      // Each half brings the binaries of its own processor.
      mergeASARs: true,
      singleArchFiles: "**/node_modules/**",
      extraResources: [{ from: `${FILES}/tinyplace-mac`, to: "bin/tinyplace" }],
    },
    win: {
      target: ["nsis"],
      icon: "build/icons/app.png",
      extraResources: [{ from: `${FILES}/tinyplace.cmd`, to: "bin/tinyplace.cmd" }],
    },
    nsis: { oneClick: true, perMachine: false },
  };
}

/** Of the libraries that stay outside the bundle, what runs here. */
function libraryFiles(
  kind: BundleKind,
): (string | { from: string; to: string; filter: string[] })[] {
  const wanted = SQLITE[kind === "evaluation" ? "evaluation" : "official"];
  const others = Object.values(SQLITE)
    .flat()
    .filter((name) => name !== "node-gyp-build" && !wanted.includes(name));
  return [
    // The product depends on the official binding alone: the other one is named here.
    ...(kind === "evaluation" ? wanted : []).map((name) => ({
      from: `node_modules/${name}`,
      to: `node_modules/${name}`,
      filter: ["**/*", ...NOT_RUN],
    })),
    ...others.map((name) => `!node_modules/${name}/**`),
    // Types, and headers to compile with.
    "!node_modules/{type-fest,node-addon-api}/**",
    "!node_modules/better-sqlite3/{deps,src}/**",
    ...NOT_RUN.map((pattern) => pattern.replace("!", "!node_modules/")),
  ];
}

/**
 * What the evaluation Electron brings with it: a launcher, which would be found before the archive, and
 * where the application that it was carried for gets its updates.
 */
function removeCarried(folder: string): void {
  for (const name of ["app", "app-update.yml"]) {
    rmSync(join(folder, "resources", name), { recursive: true, force: true });
  }
}

/** The folder that holds the whole distribution; on macOS the executable lies deep in the bundle. */
function electronFolder(electron: ElectronRuntime): string {
  if (electron.kind === "evaluation") return dirname(electron.executable);
  return join(ROOT, "node_modules", "electron", "dist");
}
