import { expect, test } from "vitest";
import { type UpdateFeed, Updates } from "../../electron/shell/updates/updates.ts";
import type { NoUpdates, Updates as View } from "../../shared/model/updates.ts";
import { ManualTime } from "../support/manual-time.ts";

/** A feed that answers when the test says so. */
class ManualFeed implements UpdateFeed {
  unavailable: NoUpdates | null = null;
  installed = 0;
  private readonly asked: {
    progress: Parameters<UpdateFeed["fetch"]>[0];
    resolve: (version: string | null) => void;
    reject: (error: Error) => void;
  }[] = [];
  looks = 0;

  fetch(progress: Parameters<UpdateFeed["fetch"]>[0]): Promise<string | null> {
    this.looks++;
    return new Promise((resolve, reject) => this.asked.push({ progress, resolve, reject }));
  }

  async install(): Promise<void> {
    this.installed++;
  }

  get last() {
    const last = this.asked.at(-1);
    if (!last) throw new Error("nobody asked");
    return last;
  }
}

function desk(feed = new ManualFeed(), on = false) {
  const time = new ManualTime();
  const seen: View[] = [];
  const setting = {
    isOn: () => on,
    set: (to: boolean) => {
      on = to;
    },
  };
  const updates = new Updates({ feed, setting, timers: time, changed: (view) => seen.push(view) });
  return { feed, time, seen, updates, isOn: () => on, ...calls(updates) };
}

function calls({ handlers }: Updates) {
  return {
    get: () => handlers["updates.get"]({}),
    set: (on: boolean) => handlers["updates.set"]({ on }),
    install: () => handlers["updates.install"]({}),
  };
}

/** What follows from an answer has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("nobody is asked for updates before a person wants them, and nobody any more after", async () => {
  const { feed, time, get, set, seen } = desk();
  expect(get()).toEqual({ state: "off" });
  time.advance(7 * 24 * 3600_000);
  expect(feed.looks).toBe(0);
  expect(set(true)).toEqual({ state: "checking" });
  expect(feed.looks).toBe(1);
  // Turned off while it looks: what it finds is not told, and it looks no more.
  set(false);
  feed.last.progress("9.9.9", 10);
  feed.last.resolve("9.9.9");
  await settled();
  expect(get()).toEqual({ state: "off" });
  time.advance(7 * 24 * 3600_000);
  expect(feed.looks).toBe(1);
  expect(seen.map((one) => one.state)).toEqual(["checking", "off"]);
});

test("a newer version is downloaded, said to be ready, and installed when the person says so", async () => {
  const { feed, time, get, install } = desk(new ManualFeed(), true);
  await expect(install()).rejects.toMatchObject({ code: "not_allowed" });
  feed.last.resolve(null);
  await settled();
  expect(get()).toEqual({ state: "current" });
  time.advance(6 * 3600_000);
  feed.last.reject(new Error("no network"));
  await settled();
  expect(get()).toEqual({ state: "failed", why: "no network" });
  time.advance(6 * 3600_000);
  feed.last.progress("0.2.0", 40);
  expect(get()).toEqual({ state: "downloading", version: "0.2.0", percent: 40 });
  feed.last.resolve("0.2.0");
  await settled();
  expect(get()).toEqual({ state: "ready", version: "0.2.0" });
  expect([feed.looks, feed.installed]).toEqual([3, 0]);
  await install();
  expect(feed.installed).toBe(1);
});

test("an installation that gets none by itself says why, and turns nothing on", () => {
  const feed = new ManualFeed();
  feed.unavailable = "not_packaged";
  const { get, set, isOn } = desk(feed, false);
  expect(get()).toEqual({ state: "unavailable", why: "not_packaged" });
  expect(set(true)).toEqual({ state: "unavailable", why: "not_packaged" });
  expect([isOn(), feed.looks]).toEqual([false, 0]);
});
