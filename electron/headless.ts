#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { reportFailure } from "./bridge/terminal/exit-codes.ts";
import { commandLine } from "./command-line/program.ts";

const program = commandLine({
  executable: process.execPath,
  entry: fileURLToPath(import.meta.url),
  isElectron: process.versions.electron !== undefined,
});

// An Electron that runs as Node has its arguments where Node has them, whatever it calls itself.
program.parseAsync(process.argv, { from: "node" }).catch((error: unknown) => {
  process.exit(reportFailure(error, process.argv.includes("--json")));
});
