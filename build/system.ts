import { spawnSync } from "node:child_process";

/** Debian packages that Electron needs to open a window. */
const RUN = [
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
/** A display with mouse, session bus, panel and keychain; a terminal; a NATS cluster; certificates: for tests. */
const TEST = [
  ...["xvfb", "xauth", "dbus", "dbus-x11", "at-spi2-core"],
  ...["xfce4-panel", "xdotool", "xterm", "gnome-keyring", "tmux", "nats-server", "openssl"],
];

/**
 * Installs what is missing when root on Debian or its relatives; else prints the exact command and
 * goes on, since another distribution, or a library of another name, may serve as well.
 */
export function ensureSystemPackages(purpose: "run" | "test"): void {
  if (process.platform !== "linux" || !works("dpkg-query") || !works("apt-get")) return;
  const missing = missingPackages(purpose === "test" ? [...RUN, ...TEST] : RUN);
  if (missing.length === 0) return;
  const root = process.getuid?.() === 0;
  if (root) process.stdout.write(`Installing system packages: ${missing.join(" ")}\n`);
  if (root && install(missing)) return;
  const sudo = root ? "" : "sudo ";
  process.stderr.write(
    `System packages are missing. Run:\n  ${sudo}apt-get update && ${sudo}apt-get install -y ${missing.join(" ")}\n`,
  );
}

function install(names: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, stdio: ["ignore", "ignore", "inherit"] as const };
  spawnSync("apt-get", ["update", "-qq"], { ...options, stdio: [...options.stdio] });
  const words = ["install", "-y", "-qq", "--no-install-recommends", ...names.map(availableName)];
  return spawnSync("apt-get", words, { ...options, stdio: [...options.stdio] }).status === 0;
}

/** Newer releases renamed libraries with 64-bit time to `...t64`: either name will do. */
function missingPackages(names: readonly string[]): string[] {
  const all = names.flatMap((name) => [name, `${name}t64`]);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders.
  const format = "${Package} ${db:Status-Status}\\n";
  const query = spawnSync("dpkg-query", ["-W", "-f", format, ...all], { encoding: "utf8" });
  const installed = new Set(
    query.stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name) && !installed.has(`${name}t64`));
}

function availableName(name: string): string {
  const renamed = `${name}t64`;
  const known = spawnSync("apt-cache", ["show", "--quiet", renamed], { stdio: "ignore" });
  return known.status === 0 ? renamed : name;
}

function works(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}
