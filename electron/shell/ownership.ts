import { app, dialog } from "electron";
import { errorView } from "../../shared/errors/errors.ts";
import { type Launch, noteDesktop, type Program } from "../bridge/owner-launches.ts";
import { type ServedHost, serveHost } from "../daemon/serve-host.ts";
import { takeOver } from "../daemon/take-over.ts";
import type { HomePaths } from "../platform/paths.ts";
import {
  clearQuitMark,
  type QuitMark,
  readQuitMark,
  writeQuitMark,
} from "../platform/quit-mark.ts";

/**
 * The application as owner of the data folder (rules L4, L5). Null when this process ends instead:
 * another application runs, or this one cannot be the owner.
 */
export async function becomeOwner(
  paths: HomePaths,
  start: {
    readonly folder: string;
    readonly hidden: boolean;
    readonly forSessions: boolean;
    readonly commandLine: Program;
    readonly link: string | null;
  },
): Promise<ServedHost | null> {
  try {
    const lock = await takeOver(paths, !start.hidden, start.link);
    if (!lock || (start.forSessions && readQuitMark(paths))) {
      lock?.release();
      app.exit(0);
      return null;
    }
    clearQuitMark(paths);
    const served = await serveHost({ paths, lock, kind: "desktop", program: start.commandLine });
    noteDesktop(paths, ownLaunch(start.folder));
    return served;
  } catch (error) {
    const { error: text, next } = errorView(error);
    process.stderr.write(`${text}\n${next}\n`);
    if (!start.hidden) {
      await app.whenReady();
      dialog.showErrorBox("tinyplace cannot start", `${text}\n\n${next}`);
    }
    app.exit(1);
    return null;
  }
}

/** The person does not want sessions to start it again (rule L5). */
export function quitByPerson(paths: HomePaths, from: QuitMark["from"]): void {
  try {
    writeQuitMark(paths, from);
  } finally {
    app.quit();
  }
}

/** Without these the executable may not run on this machine at all. */
const KEPT_SWITCHES = ["--no-sandbox", "--disable-gpu"];
/** The Node.js and the command line that stand beside an application that is not packaged. */
const KEPT_VARIABLES = ["TINYPLACE_NODE", "TINYPLACE_ENTRY"];

/** How a session starts this application again. */
function ownLaunch(folder: string): Launch {
  const kept = KEPT_VARIABLES.map((name) => [name, process.env[name]] as const);
  return {
    // An AppImage runs from a folder that is gone with it.
    executable: process.env.APPIMAGE ?? process.execPath,
    words: [...process.argv.filter((word) => KEPT_SWITCHES.includes(word)), folder],
    env: Object.fromEntries(kept.filter((pair): pair is [string, string] => Boolean(pair[1]))),
  };
}
