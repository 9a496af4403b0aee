import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take longest, the longest first; those that mostly wait between those that compute. A
 * fresh clone knows no times of its own, and their length says little.
 */
const LONG = [
  "e2e/look",
  "e2e/responder-claude",
  "integration/plugin-losses",
  "e2e/tray",
  "integration/relay-store.contract",
  "integration/damage",
  "e2e/responder-settings",
  "integration/hooks",
  "e2e/plugin",
  "e2e/responder-tray",
  "e2e/inspector",
  "integration/owner",
  "e2e/wake",
  "e2e/composer",
  "e2e/settings",
  "integration/cli-mail",
  "e2e/search",
  "e2e/setup",
];

/** Starts the long files first, so that none of them is what all others wait for at the end. */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return rank < 0 ? LONG.length : rank;
}
