import type { Command } from "commander";
import type { ExportOptions, ImportOptions } from "../bridge/move-commands.ts";
import { UsageError } from "../bridge/terminal/exit-codes.ts";
import type { Context, SharedOptions } from "./context.ts";

const load = () => import("../bridge/move-commands.ts");

/** Agents that come from elsewhere, and go there. */
export function moveCommands(program: Command, context: Context): void {
  context
    .command(program, "import", "an agent from a backup, or the earlier plugin's data")
    .argument("[file]", "a backup that `tinyplace export` wrote")
    .option("--from <dir>", "the plugin's folder (TINYPLACE_CLAUDE_HOME, ~/.tinyplace-claude)")
    .option("--dry-run", "say what would be taken of the plugin's data, and take nothing")
    .option("--move-here", "take the agent's mailbox from the installation that has it")
    .option("--passphrase-file <path>", "a file of mode 0600 with the backup's passphrase")
    .action(async (file: string | undefined, options: ImportOptions & SharedOptions) => {
      checkImport(file, options);
      const command = await context.open(options);
      if (file !== undefined) await (await load()).restoreBackup(command, file, options);
      else await (await import("../bridge/import-command.ts")).importPluginData(command, options);
    });
  context
    .command(program, "export", "write an encrypted backup, by which an agent moves")
    .requiredOption("--wallet <name>", "the agent")
    .requiredOption("--out <file>", "where to; a file that is there is never replaced")
    .option("--passphrase-file <path>", "a file of mode 0600 with the passphrase for it")
    .action(async (options: ExportOptions & SharedOptions) => {
      await (await load()).exportBackup(await context.open(options), options);
    });
}

/** An option that says nothing of what is imported would mean less than who wrote it thinks. */
function checkImport(file: string | undefined, options: ImportOptions): void {
  const strange =
    file === undefined
      ? { "--move-here": options.moveHere, "--passphrase-file": options.passphraseFile }
      : { "--from": options.from, "--dry-run": options.dryRun };
  const [named] = Object.entries(strange).find(([, given]) => given !== undefined) ?? [];
  if (named === undefined) return;
  const of = file === undefined ? "a backup, and no file is named" : "the earlier plugin's data";
  throw new UsageError(
    `${named} is for ${of}.`,
    "Nothing was imported. See `tinyplace help import`.",
  );
}

export function deleteCommand(agents: Command, context: Context): void {
  context
    .command(agents, "delete", "remove an agent with its vault and keys; asks for its name")
    .argument("<name>", "the agent")
    .option("--confirm <name>", "its name once more, where nobody can be asked")
    .option("--end-sessions", "also while sessions of it are live")
    .action(
      async (
        name: string,
        options: { confirm?: string; endSessions?: boolean } & SharedOptions,
      ) => {
        await (await load()).deleteAgent(await context.open(options), name, options);
      },
    );
}
