import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../../build/bundle.ts";
import { programAt } from "../support/programs.ts";
import { runLoad } from "./run-load.ts";

/**
 * `npm run load -- --relays 2 --nats 3 --agents 1000 --rate R --seconds S [--no-kill] --json`, or with
 * `--store sqlite` one relay over a file: agents write to each other while a relay and a NATS node are
 * killed. Ends with 1 when an accepted message was lost, or one came twice, or some were not taken.
 */
const { values } = parseArgs({
  options: {
    store: { type: "string", default: "nats" },
    relays: { type: "string", default: "2" },
    nats: { type: "string", default: "3" },
    agents: { type: "string", default: "1000" },
    rate: { type: "string", default: "100" },
    seconds: { type: "string", default: "60" },
    kill: { type: "boolean", default: true },
    json: { type: "boolean", default: false },
  },
  allowNegative: true,
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const sqlite = values.store === "sqlite";
const report = await runLoad({
  relays: sqlite ? 1 : Number(values.relays),
  nats: sqlite ? 0 : Number(values.nats),
  agents: Math.max(2, Number(values.agents) & ~1),
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  kill: values.kill,
  program: programAt(join(await bundle("official"), "main", "cli.js")),
  say: (line) => process.stderr.write(`${line}\n`),
});
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else console.table(report);
const { sent, accepted, lost, duplicated } = report;
process.exit(lost + duplicated + (sent - accepted) > 0 ? 1 : 0);
