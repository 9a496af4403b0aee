import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { updatesCalls } from "../../../shared/channels/updates-calls.ts";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { NoUpdates, Updates as UpdatesView } from "../../../shared/model/updates.ts";
import type { Timers } from "../../../shared/pacing/timers.ts";

const LOOK_EVERY_MS = 6 * 3600_000;

/** Where newer versions come from. */
export interface UpdateFeed {
  /** Why this installation gets none by itself; null where it does. */
  readonly unavailable: NoUpdates | null;
  /**
   * Looks once, and downloads what is newer. Resolves with the version that is ready to be installed,
   * its signature checked, or null; rejects when that failed.
   */
  fetch(progress: (version: string, percent: number) => void): Promise<string | null>;
  /** Ends the application, and starts what `fetch` found. */
  install(): Promise<void>;
}

interface UpdatesParts {
  readonly feed: UpdateFeed;
  /** What the person set; off until then. */
  readonly setting: { isOn(): boolean; set(on: boolean): void };
  readonly timers: Timers;
  readonly changed: (view: UpdatesView) => void;
}

/** Looks for newer versions while a person wants that, and never otherwise. */
export class Updates {
  private readonly parts: UpdatesParts;
  private now: UpdatesView;
  private cancelLook = (): void => undefined;
  private looking = false;

  constructor(parts: UpdatesParts) {
    this.parts = parts;
    const why = parts.feed.unavailable;
    this.now = why ? { state: "unavailable", why } : { state: "off" };
    if (!why && parts.setting.isOn()) void this.look();
  }

  readonly handlers: WindowHandlers<keyof typeof updatesCalls> = {
    "updates.get": () => this.now,
    "updates.set": ({ on }) => this.set(on),
    "updates.install": async () => {
      if (this.now.state !== "ready") throw notReady();
      await this.parts.feed.install();
      return {};
    },
  };

  close(): void {
    this.cancelLook();
  }

  private set(on: boolean): UpdatesView {
    if (this.now.state === "unavailable") return this.now;
    this.parts.setting.set(on);
    if (on) void this.look();
    else {
      this.cancelLook();
      this.show({ state: "off" });
    }
    return this.now;
  }

  private async look(): Promise<void> {
    this.cancelLook();
    // One that is under way says what it finds; turned off meanwhile, it says nothing.
    this.show({ state: "checking" });
    if (this.looking) return;
    this.looking = true;
    const found = await this.fetch();
    this.looking = false;
    if (!this.parts.setting.isOn()) return;
    this.show(found);
    // What is ready is installed next; whatever is newer still, that version finds.
    if (found.state === "ready") return;
    this.cancelLook = this.parts.timers.after(LOOK_EVERY_MS, () => void this.look());
  }

  private async fetch(): Promise<UpdatesView> {
    const progress = (version: string, percent: number) => {
      if (this.parts.setting.isOn()) this.show({ state: "downloading", version, percent });
    };
    try {
      const version = await this.parts.feed.fetch(progress);
      return version === null ? { state: "current" } : { state: "ready", version };
    } catch (error) {
      return { state: "failed", why: error instanceof Error ? error.message : String(error) };
    }
  }

  private show(view: UpdatesView): void {
    this.now = view;
    this.parts.changed(view);
  }
}

function notReady(): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    "No newer version is ready to be installed.",
    "Turn updates on in the settings, and wait until one is.",
  );
}
