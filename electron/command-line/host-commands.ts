import type { Command } from "commander";
import { homePaths } from "../platform/paths.ts";
import type { RelayWords } from "../relay/command/relay-options.ts";
import type { Context, SharedOptions } from "./context.ts";

const HOME = ["--home <dir>", "data folder (TINYPLACE_HOME, ~/.tinyplace)"] as const;

interface DaemonWords {
  readonly home?: string;
  readonly attachHelp?: boolean;
  readonly forSessions?: boolean;
  readonly service?: boolean;
}

/** What runs: the daemon, a relay, the bridge and the hooks of sessions; and how it is. */
export function hostCommands(program: Command, context: Context, version: string): void {
  context
    .command(program, "status", "what the running tinyplace owns and how it is")
    .action(async (options: SharedOptions) => {
      const { printStatus } = await import("../bridge/status-command.ts");
      await printStatus(await context.open(options));
    });

  context
    .command(program, "doctor", "try all that has to work, sessions too, and say what to do")
    .option("--claude <path>", "Claude Code's program", "claude")
    .option("--push", "also push a mark to channels: a session that listens takes a turn")
    .action(async (options: SharedOptions & { claude: string; push?: boolean }) => {
      const { runDoctor } = await import("../bridge/doctor-command.ts");
      const { paths, output } = await context.open(options);
      const where = { paths, self: context.self, claude: options.claude };
      process.exit(await runDoctor(where, output, options.push ?? false));
    });

  program
    .command("daemon")
    .description("own the data folder without a display: relay, vaults, ratchets, socket")
    .option(...HOME)
    .option("--for-sessions", "end when no session needs it (TINYPLACE_DAEMON_IDLE_MS)")
    .option("--service", "end well where another tinyplace owns the data folder already")
    .option("--attach-help", "also print how to attach a Claude Code session")
    .action(async (options: DaemonWords) => {
      context.requireDatabase();
      const { runDaemon } = await import("../daemon/run-daemon.ts");
      await runDaemon(homePaths(options.home), {
        program: context.self,
        attachHelp: options.attachHelp ?? false,
        forSessions: options.forSessions ?? false,
        forService: options.service ?? false,
      });
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
      context.requireDatabase();
      const { runRelay } = await import("../relay/command/run-relay.ts");
      await runRelay(options);
      process.exit(0);
    });

  program
    .command("mcp")
    .description("the stdio MCP bridge of one Claude Code session")
    .option(...HOME)
    .action(async (options: { home?: string }) => {
      const paths = homePaths(options.home);
      const [{ runBridge }, ways] = await Promise.all([
        import("../bridge/mcp/server.ts"),
        context.ways(paths),
      ]);
      await runBridge(paths, version, ways);
      process.exit(0);
    });

  program
    .command("hook")
    .description("pass a hook of Claude Code on; silent, and harmless when nothing runs")
    .argument("<name>")
    .option(...HOME)
    .action(async (name: string, options: { home?: string }) => {
      const { runHook } = await import("../bridge/hook-command.ts");
      process.exit(await runHook(homePaths(options.home), name));
    });
}
