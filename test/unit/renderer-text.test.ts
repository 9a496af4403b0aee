import { describe, expect, it } from "vitest";
import { collapsedText, isUnread, sentBy, timelineRows } from "../../renderer/inboxes/timeline.ts";
import {
  clip,
  dayOf,
  formatAge,
  formatCount,
  formatDay,
  oneLine,
  shortId,
} from "../../renderer/ui/format.ts";
import { message } from "./renderer-fixtures.ts";

describe("the timeline", () => {
  it("begins a day where the day changes in the person's zone", () => {
    const messages = [
      message({ seq: 1, at: "2026-03-08T22:30:00.000Z" }),
      message({ seq: 2, at: "2026-03-08T23:30:00.000Z" }),
      message({ seq: 3, at: "2026-03-09T10:00:00.000Z" }),
    ];
    const starts = (more: boolean, zone: string) =>
      timelineRows(messages, more, zone).map((row) => row.startsDay);
    expect(starts(false, "UTC")).toEqual([true, false, true]);
    expect(starts(false, "Europe/Berlin")).toEqual([true, true, false]);
    expect(starts(true, "UTC")).toEqual([false, false, true]);
  });

  it("tells sent from received, also between sessions of one agent", () => {
    expect(sentBy(message({ direction: "out" }), "claude:1")).toBe(true);
    expect(sentBy(message({ direction: "in" }), "claude:1")).toBe(false);
    const local = message({ direction: "local", fromSession: "claude:1", toSession: "claude:2" });
    expect(sentBy(local, "claude:1")).toBe(true);
    expect(isUnread(local, "claude:1")).toBe(false);
    expect(isUnread(local, "claude:2")).toBe(true);
  });

  it("cuts very long texts, by characters and by lines, and leaves the rest whole", () => {
    expect(collapsedText("short")).toBeNull();
    expect(collapsedText("x".repeat(1500))).toBeNull();
    expect(collapsedText("x".repeat(5000))).toHaveLength(1400);
    const lines = Array.from({ length: 90 }, (_, line) => `line ${line}`).join("\n");
    expect(collapsedText(lines)?.split("\n")).toHaveLength(24);
  });
});

describe("formatting", () => {
  const now = new Date("2026-03-09T12:00:00.000Z");

  it("names days", () => {
    expect(formatDay("2026-03-09T01:00:00.000Z", now, "UTC")).toBe("Today");
    expect(formatDay("2026-03-08T23:00:00.000Z", now, "UTC")).toBe("Yesterday");
    expect(formatDay("2025-03-08T23:00:00.000Z", now, "UTC")).toContain("2025");
    expect(formatDay("2026-03-01T23:00:00.000Z", now, "UTC")).not.toContain("2026");
    expect(formatDay("nonsense", now, "UTC")).toBe("Unknown day");
    expect(dayOf("2026-03-09T10:00:00.000Z", "UTC")).toBe("2026-03-09");
  });

  it("keeps ages, counts and ids short", () => {
    expect(formatAge("2026-03-09T11:59:30.000Z", now)).toBe("now");
    expect(formatAge("2026-03-09T11:18:00.000Z", now)).toBe("42 min");
    expect(formatAge("2026-03-09T09:00:00.000Z", now)).toBe("3 h");
    expect(formatAge("2026-03-06T09:00:00.000Z", now)).toBe("3 d");
    expect(formatAge("2027-01-01T00:00:00.000Z", now)).toBe("now");
    expect(formatCount(1204)).toBe("999+");
    expect(shortId("4mhiV27v8gt3trzxmRFjtQEQtZMdjLjRCKzzdsvCe8VZ")).toBe("4mhiV…e8VZ");
  });

  it("clips without splitting a character, and lists on one line", () => {
    expect(clip("a😀b", 2)).toBe("a");
    expect(clip("a😀b", 3)).toBe("a😀");
    expect(oneLine("  two\n\tlines ")).toBe("two lines");
    expect(oneLine("word ".repeat(100), 20)).toMatch(/^.{1,20}…$/);
    expect(oneLine(`${" ".repeat(1000)}late`)).toBe("…");
  });
});
