import { describe, expect, it } from "vitest";
import {
  type MailPages,
  mergeBefore,
  mergeNewest,
  trimmed,
  unsettledBelow,
} from "../../renderer/stores/mail-pages.ts";
import { message } from "./renderer-fixtures.ts";

const pages = (from: number, to: number, more: boolean): MailPages => ({
  messages: range(from, to).map((seq) => message({ seq })),
  more,
});
const page = (from: number, to: number, more: boolean) => ({
  messages: range(from, to)
    .reverse()
    .map((seq) => message({ seq, text: "fetched" })),
  more,
});
const seqs = (loaded: MailPages) => loaded.messages.map((entry) => entry.seq);

describe("pages of mail", () => {
  it("starts with the newest page, oldest first", () => {
    const merged = mergeNewest(null, page(5, 8, true));
    expect(seqs(merged)).toEqual([5, 6, 7, 8]);
    expect(merged.more).toBe(true);
  });

  it("puts a newest page over what is loaded and keeps what is older", () => {
    const merged = mergeNewest(pages(1, 6, false), page(4, 9, true));
    expect(seqs(merged)).toEqual(range(1, 9));
    expect(merged.messages.filter((entry) => entry.text === "fetched")).toHaveLength(6);
    expect(merged.more).toBe(false);
  });

  it("drops what no longer adjoins the newest page, so that no gap is shown as whole", () => {
    const merged = mergeNewest(pages(1, 6, false), page(10, 12, true));
    expect(seqs(merged)).toEqual([10, 11, 12]);
    expect(merged.more).toBe(true);
  });

  it("drops messages the daemon no longer lists", () => {
    const gone = { messages: [message({ seq: 1 }), message({ seq: 3 })], more: false };
    expect(seqs(mergeNewest(pages(1, 3, false), gone))).toEqual([1, 3]);
  });

  it("puts older pages in front until there are none", () => {
    const older = mergeBefore(pages(5, 6, true), page(3, 4, true), 5);
    expect(seqs(older)).toEqual([3, 4, 5, 6]);
    const all = mergeBefore(older, page(1, 2, false), 3);
    expect(seqs(all)).toEqual(range(1, 6));
    expect(all.more).toBe(false);
    expect(mergeBefore(pages(1, 2, true), page(1, 0, false), 1).more).toBe(false);
  });

  it("fetches a page in the middle again without losing its neighbours", () => {
    const merged = mergeBefore(pages(1, 9, true), page(4, 6, true), 7);
    expect(seqs(merged)).toEqual(range(1, 9));
    expect(merged.messages[4]?.text).toBe("fetched");
    expect(merged.more).toBe(true);
  });

  it("finds the newest older message whose state can still change", () => {
    const loaded = {
      messages: [
        message({ seq: 1, direction: "out", rung: "read" }),
        message({ seq: 2, readAt: "2026-03-09T10:00:00.000Z" }),
        message({ seq: 3, direction: "out", rung: "failed" }),
        message({ seq: 4 }),
      ],
      more: false,
    };
    expect(unsettledBelow(loaded, 5)).toBe(4);
    expect(unsettledBelow(loaded, 4)).toBe(1);
    expect(unsettledBelow(loaded, 1)).toBeNull();
  });

  it("forgets older pages of an inbox that was left, and knows there are more", () => {
    const cut = trimmed(pages(1, 9, false), 4);
    expect(seqs(cut)).toEqual([6, 7, 8, 9]);
    expect(cut.more).toBe(true);
    expect(trimmed(pages(1, 3, false), 4).more).toBe(false);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
