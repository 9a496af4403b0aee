import { existsSync } from "node:fs";
import { join } from "node:path";
import { app, dialog } from "electron";
import { errorView } from "../../shared/errors/errors.ts";
import type { CommandLine } from "../daemon/attach-command.ts";
import { takeOver } from "../daemon/take-over.ts";
import { type HomePaths, homePaths } from "../platform/paths.ts";
import type { OwnerLock } from "../vault/owner-lock.ts";
import { Ending } from "./ending.ts";
import { ShowRequests } from "./show-requests.ts";
import { type Icon, StartIcon } from "./start-icon.ts";

export interface DesktopOptions {
  /** The data folder, when the command line named one. */
  readonly home: string | undefined;
  /** Where this build's `main/`, `preload/` and `renderer/` lie. */
  readonly folder: string;
  readonly icons: string;
  readonly commandLine: CommandLine;
  readonly hidden: boolean;
  /** A `tinyplace://` link it was started with. */
  readonly link: string | null;
  /** Started by a session that found no owner, not by a person. */
  readonly forSessions: boolean;
}

/** What there is once this process owns the data folder, before it serves it. */
export interface DesktopStart extends Icon {
  readonly options: DesktopOptions;
  readonly paths: HomePaths;
  readonly lock: OwnerLock;
  readonly requests: ShowRequests;
  readonly ending: Ending;
}

/**
 * The application's way to the data folder (rules L4, L5). Its icon is there, and says that it starts,
 * as soon as this process owns the folder or was promised it; what serves it is loaded behind that, so
 * this module imports little. The process ends instead when another application runs, or when it cannot
 * be the owner, which is said in a dialog unless it starts hidden.
 */
export async function startDesktop(options: DesktopOptions): Promise<void> {
  const paths = homePaths(options.home);
  // Chromium's own files stay within the data folder, so that two of them never share one.
  app.setPath("userData", join(paths.home, "chromium"));
  const ending = new Ending(paths);
  const requests = new ShowRequests(!options.hidden, options.link);
  // macOS hands links over itself.
  app.on("open-url", (event, url) => {
    event.preventDefault();
    requests.ask(url);
  });
  const icon = new StartIcon(join(options.icons, "tray"), (action) => {
    if (action.kind === "quit") void ending.byPerson("tray");
    else requests.ask(null);
  });
  try {
    const lock = await takeOver(paths, !options.hidden, options.link, () => void icon.show());
    if (!lock || !(await mayStart(paths, options.forSessions))) {
      lock?.release();
      app.exit(0);
      return;
    }
    const shown = await icon.show();
    const start = { options, paths, lock, requests, ending, ...shown };
    const running = import("./desktop.ts").then(({ runDesktop }) => runDesktop(start));
    ending.closes(async () => (await running)());
    await running;
  } catch (error) {
    const { error: text, next } = errorView(error);
    process.stderr.write(`${text}\n${next}\n`);
    await icon.remove();
    if (!options.hidden) {
      await app.whenReady();
      dialog.showErrorBox("tinyplace cannot start", `${text}\n\n${next}`);
    }
    app.exit(1);
  }
}

/** Who opens the application takes the quit mark back; where sessions start it, the mark holds. */
async function mayStart(paths: HomePaths, forSessions: boolean): Promise<boolean> {
  if (!existsSync(paths.quitMark)) return true;
  const { clearQuitMark, readQuitMark } = await import("../platform/quit-mark.ts");
  if (forSessions && readQuitMark(paths)) return false;
  clearQuitMark(paths);
  return true;
}
