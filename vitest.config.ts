import { defineConfig } from "vitest/config";

const shared = {
  pool: "forks" as const,
  // Generous limits, since a slow machine is no failure.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
};

/**
 * Unit and integration tests share two workers. What kills processes or drives a whole desktop runs
 * after them, one file at a time: a busy neighbour would show as a failure there.
 */
export default defineConfig({
  test: {
    globalSetup: "test/support/run-folder.ts",
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["test/{unit,integration}/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "alone",
          include: ["test/{crash,e2e,load,race}/**/*.test.ts"],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
