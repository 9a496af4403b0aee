import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import {
  type BundleKind,
  ENTRIES,
  hookConfig,
  mainConfig,
  preloadConfig,
  rendererConfig,
} from "./bundle-config.ts";
import { failPlainly, ROOT } from "./root.ts";

/** Everything that decides what comes out: a build whose inputs are the same is not repeated. */
const INPUTS = [
  ...["electron", "renderer", "shared", "build/icons", "build/claude-plugin"],
  ...["build/bundle.ts", "build/bundle-config.ts", "build/ascii.ts", "build/libsignal-parts.ts"],
  "build/without-http2.ts",
  ...["package.json", "package-lock.json"],
];

/**
 * Builds `out/official` or `out/evaluation`: an application folder with main/, preload/, renderer/,
 * icons/ and its own package.json; or `out/test`, which has no desktop. Returns the folder.
 */
export async function bundle(kind: BundleKind): Promise<string> {
  for (const entry of Object.values(ENTRIES)) {
    if (!existsSync(join(ROOT, entry))) throw new Error(`Cannot build: ${entry} is missing.`);
  }
  const folder = join(ROOT, "out", kind);
  const stamp = inputsHash();
  if (readIfThere(join(folder, "inputs.sha256")) === stamp) return folder;
  mkdirSync(join(ROOT, "out"), { recursive: true });
  const work = mkdtempSync(join(ROOT, "out", `.${kind}-`));
  try {
    await buildInto(work, kind);
    writeFileSync(join(work, "inputs.sha256"), stamp);
    // Only a finished build takes the place of the last one.
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

async function buildInto(out: string, kind: BundleKind): Promise<void> {
  await build(mainConfig(out, kind));
  await build(hookConfig(out));
  // What `bin` points at; the source's first line names the interpreter.
  chmodSync(join(out, "main", "cli.js"), 0o755);
  if (kind !== "test") await buildDesktop(out);
  cpSync(join(ROOT, "build", "claude-plugin"), join(out, "claude-plugin"), { recursive: true });
  const { name, productName, version } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  const manifest = { name, productName, version, type: "module", main: "main/main.js" };
  writeFileSync(join(out, "package.json"), JSON.stringify(manifest, null, 2));
  chmodSync(out, 0o755);
}

async function buildDesktop(out: string): Promise<void> {
  await build(preloadConfig(out));
  await build(rendererConfig(out));
  cpSync(join(ROOT, "build", "icons"), join(out, "icons"), { recursive: true });
}

function inputsHash(): string {
  const hash = createHash("sha256");
  for (const path of INPUTS.flatMap((input) => filesOf(input)).sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(ROOT, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

function filesOf(path: string): string[] {
  const full = join(ROOT, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full).flatMap((name) => filesOf(`${path}/${name}`));
}

function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

if (process.argv[1] === import.meta.filename) {
  const kind = process.argv[2] === "evaluation" ? "evaluation" : "official";
  await bundle(kind).then((folder) => process.stdout.write(`${folder}\n`), failPlainly);
}
