import { expect, test } from "vitest";
import { watchQuietTime } from "../../electron/platform/quiet-time.ts";
import { ManualTime } from "../support/manual-time.ts";

test("a busy time is tidied up after once, when it is over", () => {
  const time = new ManualTime();
  let [commits, tidied] = [3, 0];
  const stop = watchQuietTime({ timers: time, commits: () => commits, tidy: () => tidied++ });
  const after = (more: number) => {
    commits += more;
    time.advance(30_000);
    return tidied;
  };
  // What the start left behind.
  expect([after(0), after(0)]).toEqual([1, 1]);
  // While it is busy, when it is over, and no second time.
  expect([after(150), after(150), after(0), after(0)]).toEqual([1, 1, 2, 2]);
  // Little was done: little was left.
  expect([after(20), after(0)]).toEqual([2, 2]);
  expect([after(180), after(0)]).toEqual([2, 3]);
  stop();
  expect([after(500), after(0)]).toEqual([3, 3]);
});
