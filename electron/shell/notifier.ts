import { Notification } from "electron";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { type Attention, isWanted, type News, news } from "./news.ts";

/** What a person may do about a notification. */
interface Answers {
  open(place: News["place"]): void;
  /** Nothing but alarms of this agent any more; settings undo it. */
  mute(agentId: string): void;
}

const MUTE = "Only alarms from now on";

/**
 * Tells the person of what waits; a click opens the place (rule U4). Where the system shows buttons on
 * notifications, one mutes the agent: nothing is decided about mail without looking at it.
 */
export class Notifier {
  private before: HostSnapshot | null = null;
  private readonly attention: () => Attention | null;
  private readonly answers: Answers;
  /** Shown ones are kept: one that is collected does not hear its click. */
  private readonly shown = new Set<Notification>();

  /** @param attention null when the person wants to be told nothing */
  constructor(attention: () => Attention | null, answers: Answers) {
    this.attention = attention;
    this.answers = answers;
  }

  update(snapshot: HostSnapshot): void {
    const { before } = this;
    this.before = snapshot;
    // What waited already when the application started is told by tray and window.
    const attention = this.attention();
    if (!before || !attention || !Notification.isSupported()) return;
    for (const one of news(before, snapshot)) if (isWanted(one, attention)) this.show(one);
  }

  private show({ title, body, place, agentId, alarm }: News): void {
    const actions = alarm ? [] : [{ type: "button" as const, text: MUTE }];
    const notification = new Notification({ title, body, actions });
    this.shown.add(notification);
    notification.on("click", () => this.answers.open(place));
    notification.on("action", () => this.answers.mute(agentId));
    notification.on("close", () => this.shown.delete(notification));
    notification.show();
  }
}
