import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./root.ts";
import { checkRules } from "./rules-check.ts";

/** `npm run check`: what a reviewer would ask for. Runs all steps; exits with the number that failed. */
const STEPS: readonly (readonly [string, readonly string[]])[] = [
  ["tsc", ["-p", "tsconfig.json"]],
  ["biome", ["check", "--error-on-warnings"]],
  ["knip", []],
];

let failed = 0;
for (const [command, words] of STEPS) {
  const path = join(ROOT, "node_modules", ".bin", command);
  const result = spawnSync(path, [...words], { cwd: ROOT, stdio: "inherit" });
  if (result.status !== 0) {
    process.stderr.write(`check: ${command} failed\n`);
    failed++;
  }
}
for (const problem of checkRules()) {
  process.stderr.write(`check: ${problem}\n`);
  failed++;
}
process.stdout.write(failed === 0 ? "check: all passed\n" : `check: ${failed} failed\n`);
// More than a hundred problems is no exit code any more.
process.exit(Math.min(failed, 100));
