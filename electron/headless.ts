#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { errorView } from "../shared/errors/errors.ts";
import type { PassphraseOptions } from "./bridge/passphrase-command.ts";
import { homePaths } from "./platform/paths.ts";

/** better-sqlite3 needs Node-API 10 and ends the process below it: say so instead. */
const MIN_NAPI = 10;
const VERSION = "0.1.0";

const program = new Command("tinyplace")
  .version(VERSION)
  .description("Safe, end-to-end encrypted mail between Claude Code sessions");

program
  .command("daemon")
  .description("own the data folder without a display: relay, vaults, ratchets, socket")
  .option("--home <dir>", "data folder (TINYPLACE_HOME, ~/.tinyplace)")
  .option("--attach-help", "also print how to attach a Claude Code session")
  .action(async (options: { home?: string; attachHelp?: boolean }) => {
    requireNodeApi();
    const { runDaemon } = await import("./daemon/run-daemon.ts");
    const entry = fileURLToPath(import.meta.url);
    await runDaemon(homePaths(options.home), options.attachHelp ? entry : null);
  });

program
  .command("mcp")
  .description("the stdio MCP bridge of one Claude Code session")
  .option("--home <dir>", "data folder")
  .action(async (options: { home?: string }) => {
    const { runBridge } = await import("./bridge/mcp/server.ts");
    await runBridge(homePaths(options.home), VERSION);
    process.exit(0);
  });

program
  .command("status")
  .description("what the running tinyplace owns and how it is")
  .option("--home <dir>", "data folder")
  .option("--json", "print JSON")
  .action(async (options: { home?: string; json?: boolean }) => {
    const { printStatus } = await import("./bridge/status-command.ts");
    await printStatus(homePaths(options.home), options.json ?? false);
  });

const handle = program.command("handle").description("names of your agents, and of others");
const HOME_OPTION = ["--home <dir>", "data folder"] as const;
const WALLET_OPTION = ["--wallet <name>", "whose name, or who was told it"] as const;

handle
  .command("claim <handle>")
  .description("take a @handle for an agent on its relay")
  .requiredOption(...WALLET_OPTION)
  .option(...HOME_OPTION)
  .action(async (name: string, options: { wallet: string; home?: string }) => {
    const { claimHandle } = await import("./bridge/handle-command.ts");
    await claimHandle(homePaths(options.home), options.wallet, name);
  });

handle
  .command("release <handle>")
  .description("give a @handle back")
  .requiredOption(...WALLET_OPTION)
  .option(...HOME_OPTION)
  .action(async (name: string, options: { wallet: string; home?: string }) => {
    const { releaseHandle } = await import("./bridge/handle-command.ts");
    await releaseHandle(homePaths(options.home), options.wallet, name);
  });

handle
  .command("accept <handle> <cryptoId>")
  .description("decide whom a @handle means that came to mean another agent")
  .requiredOption(...WALLET_OPTION)
  .option(...HOME_OPTION)
  .action(async (name: string, cryptoId: string, options: { wallet: string; home?: string }) => {
    const { acceptHandle } = await import("./bridge/handle-command.ts");
    const decision = { wallet: options.wallet, handle: name, cryptoId };
    await acceptHandle(homePaths(options.home), decision);
  });

program
  .command("passphrase")
  .description("put the key of an agent's vault under a passphrase; unlock and lock it")
  .argument("<action>", "set, change, remove, unlock or lock")
  .requiredOption("--wallet <name>", "the agent")
  .option("--file <path>", "a file of mode 0600 with the present passphrase")
  .option("--new-file <path>", "a file of mode 0600 with the new one")
  .option("--home <dir>", "data folder")
  .action(async (action: string, options: PassphraseOptions & { home?: string }) => {
    const { runPassphrase } = await import("./bridge/passphrase-command.ts");
    await runPassphrase(homePaths(options.home), action, options);
  });

function requireNodeApi(): void {
  if (Number(process.versions.napi) >= MIN_NAPI) return;
  process.stderr.write(
    `tinyplace needs Node.js 22.14 or newer for its database; this is ${process.version}. Use \`npm start\` or \`npm exec tinyplace\`, which bring their own.\n`,
  );
  process.exit(2);
}

// An Electron that runs as Node has its arguments where Node has them, whatever it calls itself.
program.parseAsync(process.argv, { from: "node" }).catch((error: unknown) => {
  const view = errorView(error);
  process.stderr.write(`${view.error}\n${view.next}\n`);
  process.exit(1);
});
