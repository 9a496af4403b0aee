import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../build/bundle.ts";
import { programAt } from "../support/programs.ts";
import { chaosMinutes } from "./harness/chaos-run.ts";

/** `npm run chaos` in short. */
test("D7 a relay that delays, drops, repeats, cuts and corrupts loses and doubles nothing", async () => {
  const { report, problems } = await chaosMinutes({
    minutes: 0.25,
    seed: 1,
    program: programAt(join(await bundle("test"), "main", "cli.js")),
    patience: 120_000,
    say: () => undefined,
  });
  expect(problems).toEqual([]);
  expect(report).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, stuck: 0 });
  expect(report.delivered).toBe(report.sent);
  expect(report.sent).toBeGreaterThan(0);
  const troubles = Object.values(report.troubles).reduce((sum, times) => sum + times, 0);
  expect(troubles).toBeGreaterThan(10);
}, 900_000);
