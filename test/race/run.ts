import { parseArgs } from "node:util";
import { race } from "./race.ts";

/** `npm run race -- --processes 50 --rounds 200 --json`: reports; never fails on a time. */
const { values } = parseArgs({
  options: {
    processes: { type: "string", default: "50" },
    rounds: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
  },
});
const result = await race(Number(values.processes), Number(values.rounds));
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else console.table(result);
process.exit(result.double_owners + result.no_owner > 0 ? 1 : 0);
