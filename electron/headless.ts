#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { errorView } from "../shared/errors/errors.ts";
import type { PassphraseOptions } from "./bridge/passphrase-command.ts";
import { homePaths } from "./platform/paths.ts";
import type { RelayWords } from "./relay/command/relay-options.ts";

/** better-sqlite3 needs Node-API 10 and ends the process below it: say so instead. */
const MIN_NAPI = 10;
const VERSION = "0.1.0";
/** How this program is started again. */
const self = {
  executable: process.execPath,
  entry: fileURLToPath(import.meta.url),
  isElectron: process.versions.electron !== undefined,
};

const program = new Command("tinyplace")
  .version(VERSION)
  .description("Safe, end-to-end encrypted mail between Claude Code sessions");

program
  .command("daemon")
  .description("own the data folder without a display: relay, vaults, ratchets, socket")
  .option("--home <dir>", "data folder (TINYPLACE_HOME, ~/.tinyplace)")
  .option("--for-sessions", "end when no session needs it (TINYPLACE_DAEMON_IDLE_MS)")
  .option("--attach-help", "also print how to attach a Claude Code session")
  .action(async (options: { home?: string; attachHelp?: boolean; forSessions?: boolean }) => {
    requireDatabase();
    const { runDaemon } = await import("./daemon/run-daemon.ts");
    await runDaemon(homePaths(options.home), {
      entry: options.attachHelp ? self.entry : null,
      forSessions: options.forSessions ?? false,
    });
  });

program
  .command("mcp")
  .description("the stdio MCP bridge of one Claude Code session")
  .option("--home <dir>", "data folder")
  .action(async (options: { home?: string }) => {
    const [{ runBridge }, { ownerLaunches }, { ownerMode }] = await Promise.all([
      import("./bridge/mcp/server.ts"),
      import("./bridge/owner-launches.ts"),
      import("./bridge/owner-seeker.ts"),
    ]);
    const paths = homePaths(options.home);
    const able = runsDatabase();
    await runBridge(paths, VERSION, {
      mode: ownerMode(process.env),
      launches: () => ownerLaunches(paths, able ? self : null, process.env),
      here: able
        ? async () => (await import("./daemon/ownership-here.ts")).ownershipHere(paths)
        : null,
    });
    process.exit(0);
  });

program
  .command("relay")
  .description("a relay alone: mailboxes of agents in other data folders and on other machines")
  .requiredOption("--listen <host:port>", "where it listens, e.g. 127.0.0.1:7700; port 0 for any")
  .requiredOption("--store <store>", "sqlite:PATH, or nats://HOST:PORT,HOST:PORT of a cluster")
  .option("--tls-cert <file>", "PEM certificate chain; read again when it changes")
  .option("--tls-key <file>", "PEM private key")
  .option("--metrics <host:port>", "serve Prometheus metrics there")
  .option("--log-level <level>", "debug, info, warn, error or silent", "info")
  .option("--agent-rate <n>", "signed requests a minute of one agent; 0 is without limit")
  .option("--address-rate <n>", "requests a minute from one address; 0 is without limit")
  .option("--connections <n>", "open connections at once")
  .option("--mailbox-messages <n>", "envelopes in one mailbox")
  .option("--mailbox-mb <n>", "size of one mailbox")
  .option("--handles <n>", "handles of one agent")
  .option("--retention-days <n>", "drop mail that nobody fetched for so long; 0 keeps it")
  .option("--drain-seconds <n>", "serve on for so long after SIGTERM, not ready any more", "0")
  .option("--trust-proxy <addresses>", "proxies whose X-Forwarded-For is believed, by commas")
  .action(async (options: RelayWords) => {
    requireDatabase();
    const { runRelay } = await import("./relay/command/run-relay.ts");
    await runRelay(options);
    process.exit(0);
  });

program
  .command("hook <name>")
  .description("pass a hook of Claude Code on; silent, and harmless when nothing runs")
  .option("--home <dir>", "data folder")
  .action(async (name: string, options: { home?: string }) => {
    const { runHook } = await import("./bridge/hook-command.ts");
    await runHook(homePaths(options.home), name);
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

const plugin = program.command("plugin").description("the plugin for Claude Code");
interface PluginWords {
  home?: string;
  claude: string;
  json?: boolean;
}
const CLAUDE_OPTION = ["--claude <path>", "Claude Code's program", "claude"] as const;
const pluginOptions = ({ home, claude }: PluginWords) => ({ paths: homePaths(home), self, claude });

plugin
  .command("install")
  .description("install it with Claude Code's own commands, for this installation")
  .option("--home <dir>", "data folder")
  .option(...CLAUDE_OPTION)
  .action(async (words: PluginWords) => {
    const { installPlugin } = await import("./bridge/plugin/plugin-command.ts");
    await installPlugin(pluginOptions(words));
  });

plugin
  .command("uninstall")
  .description("undo the installation")
  .option("--home <dir>", "data folder")
  .option(...CLAUDE_OPTION)
  .action(async (words: PluginWords) => {
    const { uninstallPlugin } = await import("./bridge/plugin/plugin-command.ts");
    await uninstallPlugin(pluginOptions(words));
  });

plugin
  .command("status")
  .description("whether Claude Code has it, and whether it calls this installation")
  .option("--home <dir>", "data folder")
  .option(...CLAUDE_OPTION)
  .option("--json", "print JSON")
  .action(async (words: PluginWords) => {
    const { printPluginStatus } = await import("./bridge/plugin/plugin-command.ts");
    await printPluginStatus(pluginOptions(words), words.json ?? false);
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

/** An Electron runs the build that was made for it, whose database fits. */
function runsDatabase(): boolean {
  return self.isElectron || Number(process.versions.napi) >= MIN_NAPI;
}

function requireDatabase(): void {
  if (runsDatabase()) return;
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
