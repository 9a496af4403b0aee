import { expect, test } from "vitest";
import { freshMessageId } from "../../electron/platform/fresh-message-id.ts";
import { isMessageId } from "../../shared/envelope/envelope.ts";

const SECOND = 1000;

test("F4 ids of messages grow with time, and those of one moment differ", () => {
  const start = Date.UTC(2026, 0, 1);
  const ids = Array.from({ length: 500 }, (_, i) => {
    return freshMessageId({ now: () => start + i * SECOND });
  });
  expect(ids.every(isMessageId)).toBe(true);
  expect(ids.toSorted()).toEqual(ids);
  const together = Array.from({ length: 1000 }, () => freshMessageId({ now: () => start }));
  expect(new Set(together).size).toBe(together.length);
});
