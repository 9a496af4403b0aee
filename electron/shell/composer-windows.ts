import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserWindow } from "electron";
import type { WindowEvent, WindowEventName } from "../../shared/channels/channels.ts";
import { secureWindow } from "./secure-window.ts";
import { WindowFeed } from "./window-feed.ts";

/** One window per message being written (rule U3). The draft's id in the address tells the page which. */
export class ComposerWindows {
  private readonly folder: string;
  private readonly page: string;
  private readonly closed: (draftId: string) => void;
  private readonly windows = new Map<string, { window: BrowserWindow; feed: WindowFeed }>();

  /** @param closed the person closed the window of this draft */
  constructor(folder: string, closed: (draftId: string) => void) {
    this.folder = folder;
    this.page = pathToFileURL(join(folder, "renderer", "index.html")).href;
    this.closed = closed;
  }

  open(draftId: string): void {
    const window = this.windows.get(draftId)?.window ?? this.create(draftId);
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  isOurs(webContentsId: number, url: string): boolean {
    if (url.split(/[?#]/)[0] !== this.page) return false;
    return [...this.windows.values()].some(({ window }) => window.webContents.id === webContentsId);
  }

  send<N extends WindowEventName>(name: N, event: WindowEvent<N>): void {
    for (const { feed } of this.windows.values()) feed.send(name, event);
  }

  private create(draftId: string): BrowserWindow {
    const window = secureWindow(this.folder, {
      width: 640,
      height: 600,
      minWidth: 480,
      minHeight: 460,
      title: "New message",
    });
    window.on("closed", () => {
      this.windows.delete(draftId);
      this.closed(draftId);
    });
    this.windows.set(draftId, { window, feed: new WindowFeed(window) });
    const hash = `compose/${draftId}`;
    void window.loadFile(join(this.folder, "renderer", "index.html"), { hash });
    return window;
  }
}
