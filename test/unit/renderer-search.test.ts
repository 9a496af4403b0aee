import fc from "fast-check";
import { expect, test } from "vitest";
import { excerpt } from "../../renderer/search/excerpt.ts";
import { placeOf } from "../../renderer/search/found-words.ts";
import { message } from "./renderer-fixtures.ts";

const shown = (text: string, query: string) =>
  excerpt(text, query)
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join("");

test("an excerpt shows the words that were looked for, the last one as a beginning", () => {
  expect(shown("The migration locks users.", "locks mig")).toBe("The [migration] [locks] users.");
  expect(shown("unlocks", "locks")).toBe("unlocks");
  expect(shown("<b>Deploy</b> finished", "deploy")).toBe("<b>[Deploy]</b> finished");
  expect(shown("a.*b", ".*")).toBe("a.*b");
  const far = `${"word ".repeat(200)}needle${" word".repeat(200)}`;
  expect(shown(far, "needle")).toMatch(/^….*\[needle\].*…$/);
  expect(shown(far, "needle").length).toBeLessThan(220);
});

test("an excerpt is short and breaks nothing, whatever text and query are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, query) => {
      const line = excerpt(text, query, 50)
        .map((piece) => piece.text)
        .join("");
      expect(line.length).toBeLessThanOrEqual(52);
      expect(line).not.toMatch(/[\r\n]/);
      // No pair of surrogates is split.
      expect(() => encodeURIComponent(line)).not.toThrow();
    }),
  );
});

test("a found message leads to where it stands, also among the held and discarded ones", () => {
  const found = { agentId: "a", agentName: "reviewer", message: message({ seq: 7 }) };
  const at = (place: "inbox" | "held" | "discarded" | "none", label: string | null = null) =>
    placeOf({ ...found, label, place });
  expect(at("inbox", "claude:1")).toEqual({
    view: "session",
    agentId: "a",
    label: "claude:1",
    message: "msg-7",
    seq: 7,
  });
  for (const list of ["held", "discarded"] as const) {
    expect(at(list)).toEqual({ view: "unrouted", list, agentId: "a", seq: 7 });
  }
  expect(at("none")).toBeNull();
});
