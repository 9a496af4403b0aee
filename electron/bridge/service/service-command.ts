import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { type HomePaths, privateFolder } from "../../platform/paths.ts";
import { writePrivateFile } from "../../platform/private-file.ts";
import { DAEMON_ENVIRONMENT, DAEMON_NODE_OPTIONS, type Program } from "../owner-launches.ts";
import type { Output } from "../terminal/output.ts";
import type { ServiceProgram } from "./service-files.ts";
import { runCommand, type ServiceManager, serviceManager } from "./service-manager.ts";

interface ServiceCommand {
  readonly paths: HomePaths;
  readonly output: Output;
  readonly self: Program;
  readonly env: NodeJS.ProcessEnv;
}

/** Settings of a person's environment that the daemon needs when nobody's shell starts it. */
const KEPT = [
  "TINYPLACE_API_URL",
  "TINYPLACE_AUTORESPOND",
  "TINYPLACE_AUTORESPOND_POOL",
  "TINYPLACE_CLAUDE",
  "TINYPLACE_KEYSTORE",
  "TINYPLACE_PASSPHRASE_FILE",
  "TINYPLACE_UNROUTED_POLICY",
];

/** `tinyplace service install`: writes the service's file, whole or not at all, and starts it. */
export async function installService(command: ServiceCommand): Promise<void> {
  const { paths, output } = command;
  const manager = serviceManager(paths, command.env);
  const program = serviceProgram(command);
  privateFolder(paths.home);
  mkdirSync(dirname(manager.file), { recursive: true });
  const before = existsSync(manager.file);
  writePrivateFile(manager.file, manager.content(program));
  if (manager.runs) {
    // What runs already goes on with the file that it was started by.
    if (before) for (const words of manager.stop) await runCommand(words).catch(() => undefined);
    for (const words of manager.start) await runCommand(words);
  }
  const { kind, name, file, runs } = manager;
  output.result({ installed: true, manager: kind, name, file, started: runs }, () => {
    output.line(`${file} is written.`);
    if (runs) output.line(`${name} runs now, and from each login on.`);
    else notRunning(output, manager, program);
    if (kind === "systemd" && runs) {
      output.line("To keep it running while you are not logged in: loginctl enable-linger");
    }
  });
}

/** `tinyplace service uninstall`: undoes `install`. */
export async function uninstallService(command: ServiceCommand): Promise<void> {
  const { paths, output } = command;
  const manager = serviceManager(paths, command.env);
  const was = existsSync(manager.file);
  if (was && manager.runs) {
    for (const words of manager.stop) await runCommand(words).catch(() => undefined);
  }
  rmSync(manager.file, { force: true });
  if (was && manager.runs) for (const words of manager.afterRemoval) await runCommand(words);
  output.result({ uninstalled: was, file: manager.file }, () =>
    output.line(was ? `${manager.file} is removed.` : "No service was installed."),
  );
}

/** `tinyplace service status`: whether there is one, whether it starts this installation, and runs. */
export async function printServiceStatus(command: ServiceCommand): Promise<void> {
  const { paths, output } = command;
  const manager = serviceManager(paths, command.env);
  const installed = existsSync(manager.file);
  const current =
    installed && readFileSync(manager.file, "utf8") === manager.content(serviceProgram(command));
  const active =
    manager.runs &&
    (await runCommand(manager.isActive).then(
      () => true,
      () => false,
    ));
  const { kind, name, file } = manager;
  output.result({ manager: kind, name, file, installed, current, active }, () => {
    if (!installed) return output.line("No service is installed: tinyplace service install.");
    output.line(`${name} is installed and ${active ? "runs" : "does not run"}.`);
    if (!current) {
      output.line("It starts another installation, or with other settings; install replaces it.");
    }
    if (!manager.runs) notRunning(output, manager, serviceProgram(command));
  });
}

function serviceProgram({ paths, self, env }: ServiceCommand): ServiceProgram {
  if (env.APPIMAGE) {
    throw new TinyplaceError(
      "not_allowed",
      "An AppImage lies in another folder at each start, so no service can name it.",
      'Install the deb or rpm package, or turn on "Start at login" in the settings.',
    );
  }
  const kept = KEPT.flatMap((name) => {
    const value = env[name];
    return value ? [[name, value] as const] : [];
  });
  const daemon = [self.entry, "daemon", "--service", "--home", paths.home];
  return {
    words: [self.executable, ...DAEMON_NODE_OPTIONS, ...daemon],
    env: {
      ...(self.isElectron ? { ELECTRON_RUN_AS_NODE: "1" } : {}),
      ...DAEMON_ENVIRONMENT,
      ...Object.fromEntries(kept),
    },
  };
}

function notRunning(output: Output, { kind }: ServiceManager, program: ServiceProgram): void {
  output.line({ text: `${kind} does not run here, so nothing is started.`, tone: "yellow" });
  output.line("Let what starts programs here run this, as you:");
  const settings = Object.entries(program.env).map(([name, value]) => `${name}=${value}`);
  output.line(`  ${["env", ...settings, ...program.words].map(shellWord).join(" ")}`);
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
