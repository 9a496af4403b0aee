import fc from "fast-check";
import { expect, test } from "vitest";
import { safetyWords } from "../../electron/ratchet/safety-words.ts";

const digits = fc.array(fc.integer({ min: 0, max: 99_999 }), { minLength: 12, maxLength: 12 });
const groups = digits.map((all) => all.map((one) => String(one).padStart(5, "0")));

test("C2 two numbers have the same words only if they are the same", () => {
  fc.assert(
    fc.property(groups, groups, (a, b) => {
      expect(safetyWords(a)).toHaveLength(19);
      expect(safetyWords(a).join(" ") === safetyWords(b).join(" ")).toBe(a.join() === b.join());
    }),
  );
  const number = Array.from({ length: 12 }, () => "99999");
  const less = [...number.slice(0, 11), "99998"];
  expect(safetyWords(number)).not.toEqual(safetyWords(less));
});
