import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** Full name, and why where the test said so. */
  readonly skipped: readonly string[];
}

/**
 * Writes what the closing line counts to the file TINYPLACE_TEST_REPORT names. A file or a hook that
 * failed outside any test counts as one failure, so that it is never taken for an empty success.
 */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const of = (state: string) => tests.filter((test) => test.result().state === state);
    const broken = modules.filter(
      (module) =>
        module.state() === "failed" &&
        ![...module.children.allTests()].some((test) => test.result().state === "failed"),
    );
    const counts: TestCounts = {
      passed: of("passed").length,
      failed: of("failed").length + of("pending").length + broken.length + unhandled.length,
      skipped: of("skipped").map(describeSkipped),
    };
    const path = process.env.TINYPLACE_TEST_REPORT;
    if (path) writeFileSync(path, JSON.stringify(counts));
  }
}

function describeSkipped(test: TestCase): string {
  const result = test.result();
  const why = result.state === "skipped" && result.note ? result.note : "no reason given";
  return `${test.fullName}: ${why}`;
}
