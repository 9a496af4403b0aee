import { expect, test } from "vitest";
import { paced } from "../../shared/pacing/paced.ts";
import { ManualTime } from "../support/manual-time.ts";

function work(gatherMs: number, restMs: number) {
  const time = new ManualTime(0);
  const done: number[] = [];
  return { time, done, ...paced(time, { gatherMs, restMs }, () => done.push(time.now())) };
}

test("one change is shown soon, a burst seldom, and its last change always", () => {
  const { time, done, changed } = work(50, 250);
  changed();
  time.advance(1_000);
  expect(done).toEqual([50]);
  for (let ms = 0; ms < 1_000; ms += 10) {
    changed();
    time.advance(10);
  }
  expect(done).toEqual([50, 1_050, 1_300, 1_550, 1_800]);
  time.advance(1_000);
  expect(done.slice(5)).toEqual([2_050]);
  // At rest again: what changes alone is not held up.
  changed();
  time.advance(50);
  expect(done.slice(6)).toEqual([3_050]);
});

test("without time to gather a change is shown within the call", () => {
  const { time, done, changed } = work(0, 100);
  changed();
  expect(done).toEqual([0]);
  changed();
  expect(done).toEqual([0]);
  time.advance(100);
  expect(done).toEqual([0, 100]);
});

test("rest begins when the work is over, and nothing begins after the end", async () => {
  const time = new ManualTime(0);
  let begun = 0;
  let finish = () => undefined as unknown;
  const slow = () => {
    begun++;
    return new Promise((resolve) => {
      finish = () => resolve(null);
    });
  };
  const { changed, end } = paced(time, { gatherMs: 0, restMs: 100 }, slow);
  changed();
  changed();
  time.advance(1_000);
  expect(begun).toBe(1);
  finish();
  await time.scheduled(100);
  time.advance(100);
  expect(begun).toBe(2);
  changed();
  end();
  finish();
  time.advance(1_000);
  expect(begun).toBe(2);
});

test("work that fails is begun again by the next change", () => {
  const time = new ManualTime(0);
  let tries = 0;
  const { changed } = paced(time, { gatherMs: 0, restMs: 100 }, () => {
    tries++;
    throw new Error("it failed");
  });
  expect(changed).toThrow("it failed");
  time.advance(100);
  expect(changed).toThrow("it failed");
  expect(tries).toBe(2);
});
