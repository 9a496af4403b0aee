import { expect, test } from "vitest";
import { asAscii } from "../../build/ascii.ts";

test("a bundle's text is written in ASCII and means the same", () => {
  const code = '({ text: "→ …é 😀", "ключ": 0, größe: `≡ä`, is: /^([…→]|😀)$/u.test("😀") })';
  const escaped = asAscii(code);
  expect(escaped).toMatch(/^[\0-\x7f]*$/);
  const read = (source: string) => new Function(`return ${source}`)();
  expect(read(escaped)).toEqual(read(code));
  expect(read(escaped).is).toBe(true);
  expect(() => asAscii('"\\→"')).toThrow("behind a backslash");
});
