import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BrowserWindow, type Rectangle, screen } from "electron";
import type { WindowEvent, WindowEventName } from "../../shared/channels/channels.ts";
import type { Place } from "../../shared/model/place.ts";
import { sendToWindow } from "./ipc.ts";
import type { Preferences } from "./preferences.ts";
import { secureWindow } from "./secure-window.ts";
import { WindowFeed } from "./window-feed.ts";

/** The main window: made when first shown, hidden rather than closed, sandboxed (rule Z3). */
export class MainWindow {
  private window: BrowserWindow | null = null;
  private feed: WindowFeed | null = null;
  private readonly folder: string;
  private readonly page: string;
  private readonly mayHide: () => boolean;
  private readonly preferences: Preferences;
  private listens = false;
  private asked: Place | null = null;
  private quitting = false;

  /**
   * @param folder where `preload/` and `renderer/` of the build lie
   * @param preferences remembers where the window was
   * @param mayHide whether the tray leads back to a hidden window; without it, closing minimizes
   */
  constructor(folder: string, mayHide: () => boolean, preferences: Preferences) {
    this.preferences = preferences;
    this.folder = folder;
    this.page = pathToFileURL(join(folder, "renderer", "index.html")).href;
    this.mayHide = mayHide;
  }

  show(): void {
    const window = this.window ?? this.create();
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** For a window that nothing else leads to; one that can be reached is left where it is. */
  showIfHidden(): void {
    const { window } = this;
    if (!window?.isVisible() && !window?.isMinimized()) this.show();
  }

  /** Shows the window at a place; a page that is still loading is told when it asks where to begin. */
  showPlace(place: Place): void {
    this.show();
    if (this.listens && this.window) sendToWindow(this.window, "window.navigate", place);
    else this.asked = place;
  }

  /** The page listens to events from now on. Where it was asked to go before that; null: nowhere. */
  pageListens(): Place | null {
    this.listens = true;
    const { asked } = this;
    this.asked = null;
    return asked;
  }

  /** Whether a person looks at it now. */
  get isFocused(): boolean {
    return this.window?.isFocused() ?? false;
  }

  isOurs(webContentsId: number, url: string): boolean {
    return this.window?.webContents.id === webContentsId && url.split(/[?#]/)[0] === this.page;
  }

  send<N extends WindowEventName>(name: N, event: WindowEvent<N>): void {
    this.feed?.send(name, event);
  }

  allowClose(): void {
    this.quitting = true;
  }

  private create(): BrowserWindow {
    const window = secureWindow(this.folder, {
      width: 1100,
      height: 720,
      minWidth: 760,
      minHeight: 480,
      ...boundsOnScreen(this.preferences.bounds),
    });
    const { webContents } = window;
    webContents.on("did-start-loading", () => {
      this.listens = false;
    });
    const remember = () => this.preferences.change({ bounds: window.getNormalBounds() });
    window.on("hide", remember);
    window.on("close", (event) => {
      remember();
      if (this.quitting) return;
      event.preventDefault();
      if (this.mayHide()) window.hide();
      else window.minimize();
    });
    window.on("closed", () => {
      this.window = null;
      this.feed = null;
      this.listens = false;
    });
    this.window = window;
    this.feed = new WindowFeed(window);
    void window.loadFile(join(this.folder, "renderer", "index.html"));
    return window;
  }
}

/** Where it was, unless that screen is gone: a window nobody can see is no help. */
function boundsOnScreen(bounds: Rectangle | null): Partial<Rectangle> {
  if (!bounds) return {};
  const { workArea } = screen.getDisplayMatching(bounds);
  const seen =
    bounds.x < workArea.x + workArea.width - 50 &&
    bounds.x + bounds.width > workArea.x + 50 &&
    bounds.y >= workArea.y - 50 &&
    bounds.y < workArea.y + workArea.height - 50;
  return seen ? bounds : { width: bounds.width, height: bounds.height };
}
