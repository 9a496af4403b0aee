import { builtinModules, isBuiltin } from "node:module";
import { join } from "node:path";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";
import { ascii } from "./ascii.ts";
import { LIBSIGNAL_NATIVE, libsignalParts } from "./libsignal-parts.ts";
import { ROOT } from "./root.ts";
import { HTTP2, withoutHttp2 } from "./without-http2.ts";

/**
 * `evaluation` is for the older Electron, whose Node-API better-sqlite3 does not run on. `test` is the
 * official main process and command line with failpoints, which no released bundle has.
 */
export type BundleKind = "official" | "evaluation" | "test";

export const ENTRIES = {
  main: "electron/main.ts",
  cli: "electron/headless.ts",
  "ratchet-worker": "electron/ratchet/ratchet-worker.ts",
  hook: "electron/hook.ts",
  preload: "electron/shell/preload.ts",
  renderer: "renderer/index.html",
} as const;

/** Native modules stay outside the bundle; their own packages find the right binary. */
const NATIVE = ["better-sqlite3", LIBSIGNAL_NATIVE, "@signalapp/sqlcipher", "@napi-rs/keyring"];
const BESIDE = ["electron", ...NATIVE];
/** Both runtimes' floor: the evaluation Electron has Node 20 and Chrome 130. */
const NODE_TARGET = "node20";
const CHROME_TARGET = "chrome130";

/**
 * Main process, command line and the thread, sharing chunks. Chunks lie beside the entries, so that
 * import.meta.dirname is the same folder wherever a module ends up.
 */
export function mainConfig(out: string, kind: BundleKind): InlineConfig {
  // An alias is not asked for what stays external: the name in the output is what counts.
  const paths = kind === "evaluation" ? { "better-sqlite3": "@signalapp/sqlcipher" } : {};
  return {
    ...common(ROOT),
    plugins: [libsignalParts(), withoutHttp2(), ascii()],
    define: { __FAILPOINTS__: String(kind === "test") },
    resolve: { conditions: ["node"], mainFields: ["module", "main"] },
    ssr: { noExternal: true, external: NATIVE, target: "node" },
    build: {
      outDir: join(out, "main"),
      emptyOutDir: false,
      ssr: true,
      target: NODE_TARGET,
      minify: false,
      rolldownOptions: {
        input: {
          main: join(ROOT, ENTRIES.main),
          cli: join(ROOT, ENTRIES.cli),
          "ratchet-worker": join(ROOT, ENTRIES["ratchet-worker"]),
        },
        // What is external is decided before any plugin is asked, HTTP2 by its plugin.
        external: (name) => !HTTP2.test(name) && (isBuiltin(name) || BESIDE.includes(name)),
        output: {
          paths,
          format: "es",
          // What is kept is kept in memory: licences, and nothing that only a reader needs.
          comments: { legal: true, annotation: false, jsdoc: false },
          entryFileNames: "[name].js",
          chunkFileNames: "[name]-[hash].js",
        },
      },
    },
  };
}

/** One file that needs nothing beside it: what starts it need not be able to read an archive. */
export function hookConfig(out: string): InlineConfig {
  return {
    ...common(ROOT),
    ssr: { noExternal: true, target: "node" },
    build: {
      outDir: join(out, "main"),
      emptyOutDir: false,
      ssr: true,
      target: NODE_TARGET,
      minify: false,
      rolldownOptions: {
        input: { hook: join(ROOT, ENTRIES.hook) },
        external: [/^node:/, ...builtinModules],
        // .mjs: it is a module wherever it is copied to.
        output: { format: "es", entryFileNames: "[name].mjs" },
      },
    },
  };
}

/** CommonJS in one file: a sandboxed preload can load nothing else. */
export function preloadConfig(out: string): InlineConfig {
  return {
    ...common(ROOT),
    build: {
      outDir: join(out, "preload"),
      emptyOutDir: false,
      target: CHROME_TARGET,
      rolldownOptions: {
        input: { preload: join(ROOT, ENTRIES.preload) },
        external: ["electron"],
        output: { format: "cjs", entryFileNames: "preload.cjs" },
      },
    },
  };
}

/** Relative addresses, since the pages are loaded from files. */
export function rendererConfig(out: string): InlineConfig {
  return {
    ...common(join(ROOT, "renderer")),
    base: "./",
    plugins: [react(), tailwindcss()],
    build: {
      outDir: join(out, "renderer"),
      emptyOutDir: false,
      target: CHROME_TARGET,
      chunkSizeWarningLimit: 2_000,
    },
  };
}

function common(root: string): InlineConfig {
  return { configFile: false, root, logLevel: "warn", mode: "production" };
}
