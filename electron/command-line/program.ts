import { Command } from "commander";
import type { Program } from "../bridge/owner-launches.ts";
import { EXIT_CODES_HELP } from "../bridge/terminal/exit-codes.ts";
import { addCompletion } from "./completion.ts";
import { Context } from "./context.ts";
import { hostCommands } from "./host-commands.ts";
import { mailCommands } from "./mail-commands.ts";
import { moveCommands } from "./move-commands.ts";
import { peopleCommands } from "./people-commands.ts";
import { setupCommands } from "./setup-commands.ts";

const VERSION = "0.1.0";

/** Every command with its words; what a command does is loaded when it is called. */
export function commandLine(self: Program): Command {
  const program = new Command("tinyplace")
    .version(VERSION)
    .description("Safe, end-to-end encrypted mail between Claude Code sessions")
    .showSuggestionAfterError()
    .addHelpText("after", EXIT_CODES_HELP)
    // Errors are told and counted in one place; subcommands inherit it.
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  const context = new Context(self);
  program.commandsGroup("Mail:");
  mailCommands(program, context);
  program.commandsGroup("Agents and people:");
  peopleCommands(program, context);
  moveCommands(program, context);
  program.commandsGroup("What runs:");
  hostCommands(program, context, VERSION);
  program.commandsGroup("Setup:");
  setupCommands(program, context);
  addCompletion(program);
  return program;
}
