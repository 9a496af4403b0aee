import { CommanderError } from "commander";
import {
  type ErrorCode,
  type ErrorView,
  errorView,
  TinyplaceError,
} from "../../../shared/errors/errors.ts";
import { visibleLine } from "../../../shared/framing/visible.ts";
import { jsonLine } from "./output.ts";

/** How a command ends (docs/cli.md lists them for people). */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  noOwner: 3,
  locked: 4,
  /** What was waited for did not happen in time. */
  waitedInVain: 5,
} as const;

/** For `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  it failed; the message says why and what to do next
  2  the command line is wrong
  3  no tinyplace answers, and none may or can be started
  4  the agent's vault is locked
  5  what --wait waited for did not happen in time`;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  host_absent: EXIT.noOwner,
  host_hung: EXIT.noOwner,
  host_quit: EXIT.noOwner,
  vault_locked: EXIT.locked,
};

/** The words are wrong, before anything was asked. */
export class UsageError extends TinyplaceError {
  constructor(message: string, next: string) {
    super("bad_request", message, next);
  }
}

/** It took longer than the person wanted to wait. */
export class WaitedInVain extends Error {}

/** Says what went wrong on stderr, as words or as JSON, and how the program ends. */
export function reportFailure(thrown: unknown, isJson: boolean): number {
  if (thrown instanceof WaitedInVain) {
    // What was found is printed already, and a program that reads JSON has the exit code.
    if (!isJson) process.stderr.write(`${thrown.message}\n`);
    return EXIT.waitedInVain;
  }
  if (thrown instanceof CommanderError) return reportUsage(thrown, isJson);
  const view = errorView(thrown);
  print(view, isJson);
  if (thrown instanceof UsageError) return EXIT.usage;
  return BY_CODE[view.code] ?? EXIT.failure;
}

/** What the parser found; help and version end the same way, but are no errors. */
function reportUsage(thrown: CommanderError, isJson: boolean): number {
  if (thrown.exitCode === 0) return EXIT.ok;
  // A command without its subcommand: its help was printed.
  if (thrown.code === "commander.help") return EXIT.usage;
  const error = thrown.message.replace(/^error: /, "").replace(/\n/g, " ");
  print({ error, code: "bad_request", next: "See `tinyplace help`." }, isJson);
  return EXIT.usage;
}

function print({ error, code, next }: ErrorView, isJson: boolean): void {
  const text = isJson
    ? jsonLine({ error, code, next })
    : `${visibleLine(error)}\n${visibleLine(next)}`;
  process.stderr.write(`${text}\n`);
}
