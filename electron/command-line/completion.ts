import complete from "@bomb.sh/tab/commander";
import type { Command } from "commander";

/**
 * `tinyplace completion SHELL` prints a script for the shell, which asks `tinyplace complete` for what
 * may follow. Both know what the commands above are, so this comes last.
 */
export function addCompletion(program: Command): void {
  complete(program, { completionCommandName: "completion" });
  program.commands
    .find((one) => one.name() === "completion")
    ?.description("print the completions of bash, zsh, fish or powershell")
    .helpGroup("Setup:");
}
