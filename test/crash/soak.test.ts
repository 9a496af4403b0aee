import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../build/bundle.ts";
import { programAt } from "../support/programs.ts";
import { slopePerHour } from "./harness/slope.ts";
import { soakMinutes } from "./harness/soak-run.ts";

/** `npm run soak` in short. */
test("D5 restarts, kills and sleeps under mixed traffic lose and double nothing", async () => {
  const { report, problems } = await soakMinutes({
    minutes: 0.3,
    seed: 4,
    disturbEveryMs: 3_000,
    program: programAt(join(await bundle("test"), "main", "cli.js")),
    patience: 120_000,
    restMs: 0,
    say: () => undefined,
  });
  expect(problems).toEqual([]);
  expect(report).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, stuck: 0 });
  expect(report.delivered).toBe(report.sent);
  expect(report.restarts + report.kills + report.sleeps).toBeGreaterThan(0);
}, 900_000);

test("a slope is the rise of the samples in an hour", () => {
  const samples = [0, 1, 2, 3].map((i) => ({ atMs: i * 60_000, value: 100 + i }));
  expect(slopePerHour(samples)).toBe(60);
  expect(slopePerHour(samples.slice(0, 1))).toBeNull();
});
