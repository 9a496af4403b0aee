import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../../build/bundle.ts";
import { programAt } from "../support/programs.ts";
import { crashRounds } from "./harness/crash-run.ts";

/**
 * `npm run crash -- --rounds N [--seed S] [--patience SECONDS] --json`: two agents and a relay as
 * processes that die by kill -9, at named steps and at any moment, while mail goes both ways; counted at tool results.
 * Ends with 1 when anything was lost, doubled, out of order or stuck, and says where to look.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "26" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    patience: { type: "string", default: "90" },
    json: { type: "boolean", default: false },
  },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { report, problems } = await crashRounds({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  program: programAt(join(await bundle("test"), "main", "cli.js")),
  patience: Number(values.patience) * 1000,
  say: (line) => process.stderr.write(`${line}\n`),
});
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else console.table({ ...report, failpoints: JSON.stringify(report.failpoints) });
if (problems.length > 0) {
  process.stderr.write(`seed ${values.seed}\n${problems.join("\n")}\n`);
  process.exit(1);
}
process.exit(0);
