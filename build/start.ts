import { join } from "node:path";
import { DAEMON_ENVIRONMENT, DAEMON_NODE_OPTIONS } from "../electron/bridge/owner-launches.ts";
import { bundle } from "./bundle.ts";
import { failPlainly } from "./root.ts";
import { runAsOwn } from "./run-child.ts";
import { resolveElectron } from "./runtime/resolve-electron.ts";
import { ensureSystemPackages } from "./system.ts";

/** `npm start`: builds, then starts the desktop where there is a display, else the same daemon alone. */
const words = process.argv.slice(2);
const display =
  process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

await (display ? startDesktop() : startHeadless()).then((code) => process.exit(code), failPlainly);

async function startHeadless(): Promise<number> {
  process.stdout.write("No display here: starting the same daemon without tray and window.\n");
  const folder = await bundle("official");
  const entry = join(folder, "main", "cli.js");
  const daemon = [...DAEMON_NODE_OPTIONS, entry, "daemon", "--attach-help", ...words];
  return runAsOwn(process.execPath, daemon, DAEMON_ENVIRONMENT);
}

async function startDesktop(): Promise<number> {
  ensureSystemPackages("run");
  const electron = await resolveElectron();
  const folder = await bundle(electron.kind);
  // The command line runs on this Node.js, which is not the evaluation Electron's.
  const commandLine = electron.kind === "official" ? folder : await bundle("official");
  // Chromium's sandbox does not run as root; the windows' own sandboxing stays.
  const root = process.platform === "linux" && process.getuid?.() === 0;
  return runAsOwn(electron.executable, [...(root ? ["--no-sandbox"] : []), folder, ...words], {
    TINYPLACE_NODE: process.execPath,
    TINYPLACE_ENTRY: join(commandLine, "main", "cli.js"),
  });
}
