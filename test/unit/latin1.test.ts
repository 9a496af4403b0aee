import { expect, test } from "vitest";
import { asLatin1 } from "../../build/latin1.ts";

test("a bundle's text is written in Latin-1 and means the same", () => {
  const code = '({ text: "→ …é 😀", "ключ": 0, größe: `≡`, is: /^([…→]|😀)$/u.test("😀") })';
  const escaped = asLatin1(code);
  expect(escaped).toMatch(/^[\0-\xff]*$/);
  const read = (source: string) => new Function(`return ${source}`)();
  expect(read(escaped)).toEqual(read(code));
  expect(read(escaped).is).toBe(true);
  expect(() => asLatin1('"\\→"')).toThrow("behind a backslash");
});
