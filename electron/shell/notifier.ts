import { Notification } from "electron";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { type Attention, isWanted, type News, news } from "./news.ts";

/** Tells the person of what waits; a click opens the place (rule U4). */
export class Notifier {
  private before: HostSnapshot | null = null;
  private readonly attention: () => Attention | null;
  private readonly open: (place: News["place"]) => void;
  /** Shown ones are kept: one that is collected does not hear its click. */
  private readonly shown = new Set<Notification>();

  /** @param attention null when the person wants to be told nothing */
  constructor(attention: () => Attention | null, open: (place: News["place"]) => void) {
    this.attention = attention;
    this.open = open;
  }

  update(snapshot: HostSnapshot): void {
    const { before } = this;
    this.before = snapshot;
    // What waited already when the application started is told by tray and window.
    const attention = this.attention();
    if (!before || !attention || !Notification.isSupported()) return;
    for (const one of news(before, snapshot)) if (isWanted(one, attention)) this.show(one);
  }

  private show({ title, body, place }: News): void {
    const notification = new Notification({ title, body });
    this.shown.add(notification);
    notification.on("click", () => this.open(place));
    notification.on("close", () => this.shown.delete(notification));
    notification.show();
  }
}
