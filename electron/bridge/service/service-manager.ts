import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { HomePaths } from "../../platform/paths.ts";
import { launchdPlist, type ServiceProgram, systemdUnit } from "./service-files.ts";

/** What runs services here, and how it is told about one. */
export interface ServiceManager {
  readonly kind: "systemd" | "launchd";
  /** What it knows the service by. */
  readonly name: string;
  readonly file: string;
  content(program: ServiceProgram): string;
  /** False where it does not run: then files can be written for it, and nothing more. */
  readonly runs: boolean;
  /** The commands that each step is made of. */
  readonly start: readonly Words[];
  readonly stop: readonly Words[];
  readonly afterRemoval: readonly Words[];
  readonly isActive: Words;
}

type Words = readonly [string, ...string[]];

/** Throws `not_allowed` where the system has none. */
export function serviceManager(
  paths: HomePaths,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): ServiceManager {
  if (platform === "darwin") return launchd(paths);
  if (platform === "linux") return systemd(paths, env);
  throw new TinyplaceError(
    "not_allowed",
    "Windows has no services that run as you, with your keys.",
    'Turn on "Start at login" in the settings, or let the Task Scheduler run `tinyplace daemon` when you log on.',
  );
}

function systemd(paths: HomePaths, env: NodeJS.ProcessEnv): ServiceManager {
  const name = `tinyplace${suffix(paths, "-")}.service`;
  const config = env.XDG_CONFIG_HOME || join(homedir(), ".config");
  const systemctl = (...words: string[]): Words => ["systemctl", "--user", ...words];
  return {
    kind: "systemd",
    name,
    file: join(config, "systemd", "user", name),
    content: systemdUnit,
    // As sd_booted(3) finds it out.
    runs: existsSync("/run/systemd/system"),
    start: [systemctl("daemon-reload"), systemctl("enable", "--now", name)],
    stop: [systemctl("disable", "--now", name)],
    afterRemoval: [systemctl("daemon-reload")],
    isActive: systemctl("is-active", "--quiet", name),
  };
}

function launchd(paths: HomePaths): ServiceManager {
  const name = `place.tiny.daemon${suffix(paths, ".")}`;
  const file = join(homedir(), "Library", "LaunchAgents", `${name}.plist`);
  const domain = `gui/${userInfo().uid}`;
  return {
    kind: "launchd",
    name,
    file,
    content: (program) => launchdPlist(program, name, join(paths.home, "service.log")),
    runs: true,
    start: [["launchctl", "bootstrap", domain, file]],
    stop: [["launchctl", "bootout", `${domain}/${name}`]],
    afterRemoval: [],
    isActive: ["launchctl", "print", `${domain}/${name}`],
  };
}

/** The usual data folder has the plain name. */
function suffix({ home }: HomePaths, before: string): string {
  if (home === join(homedir(), ".tinyplace")) return "";
  return before + createHash("sha256").update(home).digest("hex").slice(0, 8);
}

/** Runs one of the manager's commands; what it says is part of the error. */
export function runCommand([executable, ...words]: Words): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, words, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (data: Buffer) => {
      errors += data.toString();
    });
    const failed = (why: string) =>
      reject(
        new TinyplaceError(
          "not_allowed",
          `\`${[executable, ...words].join(" ")}\` failed: ${why.trim().slice(0, 500)}`,
          "Run that command yourself in a login session of your own, then try again.",
        ),
      );
    child.once("error", (error) => failed(error.message));
    child.once("close", (code) => (code === 0 ? resolve() : failed(errors || `exit code ${code}`)));
  });
}
