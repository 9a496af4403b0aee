import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { build, type InlineConfig } from "vite";
import { ROOT } from "./root.ts";

/** Native modules stay outside the bundle; their own packages find the right binary. */
const NATIVE = [
  "better-sqlite3",
  "@signalapp/libsignal-client",
  "@signalapp/sqlcipher",
  "@napi-rs/keyring",
];
const EXTERNAL = ["electron", /^node:/, ...builtinModules, ...NATIVE];

/**
 * Builds `out/official` or `out/evaluation`: an application folder with its own package.json. The
 * evaluation runtime's Node-API is too old for better-sqlite3: there the name means SQLCipher's.
 */
export async function bundle(kind: "official" | "evaluation"): Promise<string> {
  const out = join(ROOT, "out", kind);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build(mainConfig(out, kind));
  await build(preloadConfig(out));
  await build(rendererConfig(out));
  cpSync(join(ROOT, "build", "icons"), join(out, "icons"), { recursive: true });
  chmodSync(join(out, "main", "cli.js"), 0o755);
  const manifest = {
    name: "tinyplace",
    productName: "tinyplace",
    version: "0.1.0",
    type: "module",
  };
  writeFileSync(join(out, "package.json"), JSON.stringify({ ...manifest, main: "main/main.js" }));
  return out;
}

function common(outDir: string): InlineConfig {
  return { configFile: false, root: ROOT, logLevel: "warn", build: { outDir, emptyOutDir: false } };
}

function mainConfig(out: string, kind: "official" | "evaluation"): InlineConfig {
  const base = common(join(out, "main"));
  return {
    ...base,
    resolve: { conditions: ["node"], mainFields: ["module", "main"] },
    ssr: { noExternal: true, external: NATIVE, target: "node" },
    build: {
      ...base.build,
      ssr: true,
      target: "node20",
      minify: false,
      rolldownOptions: {
        input: { main: join(ROOT, "electron/main.ts"), cli: join(ROOT, "electron/headless.ts") },
        external: EXTERNAL,
        output: {
          format: "es",
          entryFileNames: "[name].js",
          chunkFileNames: "[name]-[hash].js",
          // An alias is not asked for what is external; the name in the output is what counts.
          paths: kind === "evaluation" ? { "better-sqlite3": "@signalapp/sqlcipher" } : {},
        },
      },
    },
  };
}

function preloadConfig(out: string): InlineConfig {
  const base = common(join(out, "preload"));
  return {
    ...base,
    build: {
      ...base.build,
      target: "chrome130",
      rolldownOptions: {
        input: { preload: join(ROOT, "electron/shell/preload.ts") },
        external: ["electron"],
        output: { format: "cjs", entryFileNames: "preload.cjs" },
      },
    },
  };
}

function rendererConfig(out: string): InlineConfig {
  return {
    ...common(join(out, "renderer")),
    root: join(ROOT, "renderer"),
    base: "./",
    plugins: [react(), tailwindcss()],
    build: { outDir: join(out, "renderer"), emptyOutDir: true, target: "chrome130" },
  };
}

if (process.argv[1] === import.meta.filename) {
  const kind = process.argv[2] === "evaluation" ? "evaluation" : "official";
  process.stdout.write(`${await bundle(kind)}\n`);
}
