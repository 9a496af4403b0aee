import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./root.ts";

const RULE = /^[FSLDRAMXCENUZ]\d+$/;

/** Problems of test/rules.json: a rule without a test, or a test that does not exist. */
export function checkRules(): string[] {
  const rules = JSON.parse(readFileSync(join(ROOT, "test/rules.json"), "utf8")) as Record<
    string,
    { file: string; name: string }[]
  >;
  const problems: string[] = [];
  for (const [rule, tests] of Object.entries(rules)) {
    if (!RULE.test(rule)) problems.push(`rules.json: ${rule} is no rule of the specification`);
    if (tests.length === 0) problems.push(`rules.json: ${rule} names no test`);
    for (const { file, name } of tests) {
      const path = join(ROOT, file);
      if (!existsSync(path)) problems.push(`rules.json: ${rule}: ${file} does not exist`);
      else if (!readFileSync(path, "utf8").includes(name)) {
        problems.push(`rules.json: ${rule}: ${file} has no test "${name}"`);
      }
    }
  }
  return problems;
}
