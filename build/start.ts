import { spawn } from "node:child_process";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { resolveElectron } from "./runtime/resolve-electron.ts";
import { ensureSystemPackages } from "./system.ts";

/** `npm start`: builds, then starts the desktop where there is a display, else the same daemon alone. */
const words = process.argv.slice(2);
const display =
  process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

if (display) await startDesktop();
else {
  process.stdout.write("No display here: starting the same daemon without tray and window.\n");
  const folder = await bundle("official");
  run(process.execPath, [join(folder, "main", "cli.js"), "daemon", "--attach-help", ...words]);
}

async function startDesktop(): Promise<void> {
  ensureSystemPackages("run");
  const electron = await resolveElectron();
  const folder = await bundle(electron.kind);
  // Chromium's sandbox does not run as root; the windows' own sandboxing stays.
  const root = process.platform === "linux" && process.getuid?.() === 0;
  const official = electron.kind === "official" ? folder : await bundle("official");
  run(electron.executable, [...(root ? ["--no-sandbox"] : []), folder, ...words], {
    TINYPLACE_NODE: process.execPath,
    TINYPLACE_ENTRY: join(official, "main", "cli.js"),
  });
}

/** Runs the application as this command's own: signals go to it once, and its end is ours. */
function run(executable: string, args: readonly string[], env: Record<string, string> = {}): void {
  const child = spawn(executable, args, { stdio: "inherit", env: { ...process.env, ...env } });
  // Ctrl-C reaches the child from the terminal itself: here it only must not end us first.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGTERM"));
  child.once("close", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 0 : 1)));
}
