import { defineConfig } from "vitest/config";
import { DISPLAYS } from "./build/display.ts";
import LongFirst from "./test/support/long-first.ts";

const shared = {
  pool: "forks" as const,
  setupFiles: "test/support/own-display.ts",
  // Generous limits, since a slow machine is no failure.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
};

/**
 * Most files run side by side, each worker on a display of its own. What makes load or kills under it
 * runs after them, and the race for a data folder, which times each step of it, by itself.
 */
export default defineConfig({
  test: {
    globalSetup: "test/support/run-folder.ts",
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...shared,
          name: "together",
          include: ["test/{unit,integration,e2e}/**/*.test.ts"],
          maxWorkers: DISPLAYS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "load",
          include: ["test/{crash,load}/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: "race",
          include: ["test/race/**/*.test.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
