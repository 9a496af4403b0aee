import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../../build/bundle.ts";
import { GIVEN_BACK_MS } from "../bench/daemon.ts";
import { programAt } from "../support/programs.ts";
import { soakMinutes } from "./harness/soak-run.ts";

/**
 * `npm run soak -- --minutes M [--seed S] [--patience SECONDS] --json`: mixed traffic for a long time
 * with restarts, kills and sleeps; memory, file handles and database size of a daemon that runs
 * through. Ends with 1 when anything was lost, doubled, out of order or stuck.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    patience: { type: "string", default: "120" },
    json: { type: "boolean", default: false },
  },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { report, problems } = await soakMinutes({
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  disturbEveryMs: 15_000,
  program: programAt(join(await bundle("test"), "main", "cli.js")),
  patience: Number(values.patience) * 1000,
  restMs: GIVEN_BACK_MS,
  say: (line) => process.stderr.write(`${line}\n`),
});
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else console.table(report);
if (problems.length > 0) {
  process.stderr.write(`seed ${values.seed}\n${problems.join("\n")}\n`);
  process.exit(1);
}
process.exit(0);
