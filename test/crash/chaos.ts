import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../../build/bundle.ts";
import { programAt } from "../support/programs.ts";
import { chaosMinutes } from "./harness/chaos-run.ts";

/**
 * `npm run chaos -- --minutes M [--seed S] [--patience SECONDS] --json`: mail between two agents over
 * a network that delays, drops, repeats, reorders, cuts and corrupts, and takes the relay away.
 * Counted at tool results; ends with 1 when anything was lost, doubled, out of order or stuck.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    patience: { type: "string", default: "120" },
    json: { type: "boolean", default: false },
  },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { report, problems } = await chaosMinutes({
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  program: programAt(join(await bundle("test"), "main", "cli.js")),
  patience: Number(values.patience) * 1000,
  say: (line) => process.stderr.write(`${line}\n`),
});
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else console.table({ ...report, troubles: JSON.stringify(report.troubles) });
if (problems.length > 0) {
  process.stderr.write(`seed ${values.seed}\n${problems.join("\n")}\n`);
  process.exit(1);
}
process.exit(0);
