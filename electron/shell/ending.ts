import { app } from "electron";
import type { HomePaths } from "../platform/paths.ts";

/** Quit waits until everything is on disk; a second signal does not cut it short. */
export class Ending {
  private readonly paths: HomePaths;
  private close: () => Promise<void> = () => Promise.resolve();
  private closing = false;

  constructor(paths: HomePaths) {
    this.paths = paths;
    app.on("before-quit", (event) => {
      event.preventDefault();
      if (this.closing) return;
      this.closing = true;
      void this.close().finally(() => app.exit(0));
    });
    // The tray keeps the application open without a window.
    app.on("window-all-closed", () => undefined);
    // Ctrl-C in its terminal is a person's; SIGTERM comes from a logout or a service manager.
    process.on("SIGINT", () => void this.byPerson("terminal"));
    process.on("SIGTERM", () => app.quit());
  }

  /** The application is ending. */
  get began(): boolean {
    return this.closing;
  }

  /** What has to be closed, from when on there is something. */
  closes(close: () => Promise<void>): void {
    this.close = close;
  }

  /** The person does not want sessions to start it again (rule L5). */
  async byPerson(from: "tray" | "terminal"): Promise<void> {
    try {
      const { writeQuitMark } = await import("../platform/quit-mark.ts");
      writeQuitMark(this.paths, from);
    } finally {
      app.quit();
    }
  }
}
