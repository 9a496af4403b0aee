import { execFileSync, spawnSync } from "node:child_process";

/** Debian packages that Electron needs, and those the tests need to have a display. */
const ELECTRON = [
  "libgtk-3-0",
  "libnss3",
  "libasound2",
  "libgbm1",
  "libxss1",
  "libxtst6",
  "libatk-bridge2.0-0",
  "libdrm2",
  "libnotify4",
  "libsecret-1-0",
];
const TESTS = ["xvfb", "xauth", "dbus", "dbus-x11", "at-spi2-core"];

/** Installs what is missing when root on Debian; elsewhere prints the exact command and throws. */
export function ensureSystemPackages(purpose: "run" | "test"): void {
  if (process.platform !== "linux" || !has("dpkg-query")) return;
  const wanted = purpose === "test" ? [...ELECTRON, ...TESTS] : ELECTRON;
  const missing = wanted.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  if (process.getuid?.() !== 0) {
    throw new Error(`Missing system packages. Run: sudo apt-get ${install.join(" ")}`);
  }
  process.stdout.write(`Installing system packages: ${missing.join(" ")}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-q"], { env, stdio: ["ignore", "ignore", "inherit"] });
  execFileSync("apt-get", install, { env, stdio: ["ignore", "ignore", "inherit"] });
}

function has(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

function isInstalled(name: string): boolean {
  const query = spawnSync("dpkg-query", ["-s", name], { encoding: "utf8" });
  return query.stdout.includes("Status: install ok installed");
}
