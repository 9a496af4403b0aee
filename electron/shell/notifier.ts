import { Notification } from "electron";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { type News, news } from "./news.ts";

/** Tells the person of what waits; a click opens the place (rule U4). */
export class Notifier {
  private before: HostSnapshot | null = null;
  private readonly wanted: () => boolean;
  private readonly open: (place: News["place"]) => void;
  /** Shown ones are kept: one that is collected does not hear its click. */
  private readonly shown = new Set<Notification>();

  /** @param wanted whether the person wants them, and does not look at the window already */
  constructor(wanted: () => boolean, open: (place: News["place"]) => void) {
    this.wanted = wanted;
    this.open = open;
  }

  update(snapshot: HostSnapshot): void {
    const { before } = this;
    this.before = snapshot;
    // What waited already when the application started is told by tray and window.
    if (!before || !this.wanted() || !Notification.isSupported()) return;
    for (const one of news(before, snapshot)) this.show(one);
  }

  private show({ title, body, place }: News): void {
    const notification = new Notification({ title, body });
    this.shown.add(notification);
    notification.on("click", () => this.open(place));
    notification.on("close", () => this.shown.delete(notification));
    notification.show();
  }
}
