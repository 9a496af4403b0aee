import type { Command } from "commander";
import type { Context, SharedOptions } from "./context.ts";

/** What is put in place once. */
export function setupCommands(program: Command, context: Context): void {
  pluginCommands(program, context);
  serviceCommands(program, context);
  context
    .command(program, "network", "which relay your agents use; another one where it is named")
    .argument("[relay]", "its address, `tiny.place`, `staging`, or `embedded` for the own one")
    .action(async (relay: string | undefined, options: SharedOptions) => {
      const { network } = await import("../bridge/network-command.ts");
      await network(await context.open(options), relay);
    });
}

function serviceCommands(program: Command, context: Context): void {
  const service = program
    .command("service")
    .description("run the daemon from login on, by systemd or launchd");
  const load = () => import("../bridge/service/service-command.ts");
  const opened = async (options: SharedOptions) => ({
    ...(await context.open(options)),
    self: context.self,
    env: process.env,
  });

  context
    .command(service, "install", "write the service's file for this installation, and start it")
    .action(async (options: SharedOptions) => {
      context.requireDatabase();
      await (await load()).installService(await opened(options));
    });
  context
    .command(service, "uninstall", "undo the installation")
    .action(async (options: SharedOptions) => {
      await (await load()).uninstallService(await opened(options));
    });
  context
    .command(service, "status", "whether there is one, and whether it runs")
    .action(async (options: SharedOptions) => {
      await (await load()).printServiceStatus(await opened(options));
    });
}

function pluginCommands(program: Command, context: Context): void {
  const plugin = program.command("plugin").description("the plugin for Claude Code");
  const load = () => import("../bridge/plugin/plugin-command.ts");
  type Options = SharedOptions & { claude: string };
  const about = (words: string, description: string) =>
    context
      .command(plugin, words, description)
      .option("--claude <path>", "Claude Code's program", "claude");
  const opened = async (options: Options) => ({
    ...(await context.open(options)),
    self: context.self,
    claude: options.claude,
  });

  about("install", "install it with Claude Code's own commands, for this installation").action(
    async (options: Options) => {
      await (await load()).installPlugin(await opened(options));
    },
  );
  about("uninstall", "undo the installation").action(async (options: Options) => {
    await (await load()).uninstallPlugin(await opened(options));
  });
  about("status", "whether Claude Code has it, and whether it calls this installation").action(
    async (options: Options) => {
      await (await load()).printPluginStatus(await opened(options));
    },
  );
}
