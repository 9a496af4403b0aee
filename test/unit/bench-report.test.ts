import { join } from "node:path";
import { expect, test } from "vitest";
import { keepReport, readReport, tableOf } from "../bench/report.ts";
import { temporaryHome } from "../support/temporary-home.ts";

test("a report of the benchmark is kept, and shown beside the one before", () => {
  const report = { machine: "2 x CPU", hook_ms: 75, start_ms: 90, window_mb: null, new_ms: 1 };
  const path = join(temporaryHome(), "kept", "bench.json");
  keepReport(path, report);
  expect(readReport(path)).toEqual(report);

  const before = { machine: "4 x CPU", hook_ms: 50, start_ms: 100, window_mb: 3, gone_ms: 1 };
  expect(tableOf(report, before).split("\n")).toEqual([
    "               now     kept  change",
    "machine    2 x CPU  4 x CPU        ",
    "hook_ms         75       50   +50 %",
    "start_ms        90      100   -10 %",
    "window_mb        -        3        ",
    "new_ms           1        -        ",
    "",
  ]);
  expect(tableOf({ hook_ms: 75 }, null)).toBe("         now\nhook_ms   75\n");
});
