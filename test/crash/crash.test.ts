import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../build/bundle.ts";
import { programAt } from "../support/programs.ts";
import { crashRounds, ROUNDS_A_CYCLE } from "./harness/crash-run.ts";

/** `npm run crash` in short: each failpoint once. */
test("D5 kill -9 at every named step, and at random under load, loses and doubles nothing", async () => {
  const { report, problems } = await crashRounds({
    rounds: ROUNDS_A_CYCLE,
    seed: 1,
    program: programAt(join(await bundle("test"), "main", "cli.js")),
    patience: 90_000,
    say: () => undefined,
  });
  expect(problems).toEqual([]);
  expect(report).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, stuck: 0 });
  expect(report.delivered).toBe(report.sent);
  expect(report.sent).toBeGreaterThan(50 * ROUNDS_A_CYCLE - report.kills);
  expect(Math.min(...Object.values(report.failpoints))).toBeGreaterThanOrEqual(1);
}, 900_000);
