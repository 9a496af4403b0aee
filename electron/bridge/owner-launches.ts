import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { HomePaths } from "../platform/paths.ts";
import { writePrivateFile } from "../platform/private-file.ts";

/** The program that runs now, as it is started again: its executable and its command line's file. */
export interface Program {
  readonly executable: string;
  readonly entry: string;
  /** An Electron executable runs the command line only when told to be Node. */
  readonly isElectron: boolean;
}

/**
 * Before the entry of a daemon that we start. V8's young generation, at most 4 MiB a half, is collected
 * in short pauses, and gives back what a burst of mail took. Only a start option of Node.js bounds it.
 */
export const DAEMON_NODE_OPTIONS = ["--max-semi-space-size=4"];
/**
 * For glibc, which else gives each thread a heap of its own, whose free parts no other thread takes. And
 * once it has freed a large block, it takes others of that size from its heap, too, where small ones
 * that stay keep them from going back to the system; a fixed threshold (its own first one) is kept.
 */
export const DAEMON_ENVIRONMENT = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

/** One way to start an owner. */
export interface Launch {
  readonly executable: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const desktopNote = z.object({
  executable: z.string().min(1),
  words: z.array(z.string()),
  env: z.record(z.string(), z.string()),
});

/** Left by the desktop application when it runs, so that sessions find it (rule L2). */
export function noteDesktop(paths: HomePaths, launch: Launch): void {
  writePrivateFile(paths.desktopNote, `${JSON.stringify(launch)}\n`);
}

/**
 * The ways to start an owner for sessions, best first (rule L2): the desktop application where it is
 * installed and there is a display, then the headless daemon.
 */
export function ownerLaunches(
  paths: HomePaths,
  program: Program | null,
  env: NodeJS.ProcessEnv,
): Launch[] {
  const launches: Launch[] = [];
  const desktop = hasDisplay(env) ? installedDesktop(paths, program) : null;
  const common = ["--home", paths.home, "--for-sessions"];
  if (desktop) launches.push({ ...desktop, words: [...desktop.words, "--hidden", ...common] });
  if (program) {
    const { executable, entry, isElectron } = program;
    const asNode = isElectron ? { ELECTRON_RUN_AS_NODE: "1" } : {};
    const words = [...DAEMON_NODE_OPTIONS, entry, "daemon", ...common];
    launches.push({ executable, words, env: { ...asNode, ...DAEMON_ENVIRONMENT } });
  }
  return launches;
}

/** The one that last ran for this data folder, else the one whose executable we run on. */
function installedDesktop(paths: HomePaths, program: Program | null): Launch | null {
  try {
    const note = desktopNote.parse(JSON.parse(readFileSync(paths.desktopNote, "utf8")));
    if (existsSync(note.executable)) return note;
  } catch {
    // None ran yet.
  }
  if (!program?.isElectron) return null;
  // The build's folder, which a packaged application knows by itself and does not read.
  const folder = dirname(dirname(program.entry));
  return { executable: program.executable, words: [...sandboxWords(), folder], env: {} };
}

/** Chromium's sandbox does not run as root; the windows' own sandboxing stays. */
export function sandboxWords(): string[] {
  return process.platform === "linux" && process.getuid?.() === 0 ? ["--no-sandbox"] : [];
}

function hasDisplay(env: NodeJS.ProcessEnv): boolean {
  return process.platform !== "linux" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Of one session, or of the program it runs in: an owner serves all sessions, and outlives them. */
const OF_A_SESSION =
  /^(ELECTRON_|NODE_|CLAUDE|ANTHROPIC_|TINYPLACE_(SESSION_|ACTIVE_WALLET$|NODE$|ENTRY$|HOME$))/i;

export function ownerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_A_SESSION.test(name)));
}

/**
 * Starts it detached, hidden, with nothing of this process's input and output, and away from the
 * session's folder. Resolves when it ends, which a good owner does long after us.
 */
export function startLaunch(launch: Launch, paths: HomePaths): Promise<void> {
  const child = spawn(launch.executable, [...launch.words], {
    cwd: paths.home,
    env: { ...ownerEnvironment(process.env), ...launch.env },
    detached: true,
    stdio: "ignore",
    windowsHide: true,
  });
  child.unref();
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
}
