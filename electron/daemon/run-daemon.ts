import { claimOwnership } from "../bridge/claim-ownership.ts";
import { hostRunning } from "../bridge/owner-errors.ts";
import type { Program } from "../bridge/owner-launches.ts";
import type { HomePaths } from "../platform/paths.ts";
import { clearQuitMark, readQuitMark, writeQuitMark } from "../platform/quit-mark.ts";
import { attachCommand } from "./attach-command.ts";

export interface DaemonOptions {
  /** This program, as it is started again. */
  readonly program: Program;
  /** Also prints how a session attaches. */
  readonly attachHelp: boolean;
  /** Started by a client that found no owner, not by a person. */
  readonly forSessions: boolean;
  /** Started by a service manager, which would start it again and again after a failure. */
  readonly forService: boolean;
}

/**
 * The headless host: prints one JSON line when it is ready, and ends in order at SIGINT or SIGTERM, or
 * when the desktop application takes over. Started for sessions it also ends when none needs it, and
 * at once when another owner answers or a person has quit meanwhile. Throws `host_running` to a person
 * (a service ends well) while another owner runs, `host_hung` when the owner does not answer.
 */
export async function runDaemon(paths: HomePaths, options: DaemonOptions): Promise<void> {
  const { forSessions, program } = options;
  // Before anything is announced: a signal that comes with the first line ends in order, too.
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
  const claim = await claimOwnership(paths, "daemon");
  if ("owner" in claim) {
    claim.owner.close();
    if (forSessions) return;
    const problem = hostRunning(paths, claim.owner.host);
    if (!options.forService) throw problem;
    process.stderr.write(`${problem.message}\n`);
    return;
  }
  if (forSessions && readQuitMark(paths)) return claim.lock.release();
  if (!forSessions) clearQuitMark(paths);
  // Only now: of many that start at once, all but one end without loading it.
  const { serveHost } = await import("./serve-host.ts");
  const served = await serveHost({
    paths,
    lock: claim.lock,
    kind: "headless",
    forSessions,
    program,
  });
  const { relayAddress: relay } = served.host;
  const ready = { ready: true, socket: paths.socket, relay, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  if (options.attachHelp) process.stdout.write(`${attachHelp(program, paths.home)}\n`);
  const signal = await Promise.race([signalled, served.closed]);
  if (!signal && !forSessions) {
    process.stderr.write("The desktop application has taken over; this daemon ends.\n");
  }
  // Ctrl-C is a person's: without the mark their sessions would start another daemon at once.
  if (signal === "SIGINT" && !forSessions) writeQuitMark(paths, "terminal");
  await served.close();
}

function attachHelp(program: Program, home: string): string {
  return `Attach Claude Code sessions with: ${attachCommand(program, home)}`;
}
