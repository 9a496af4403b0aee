import type { Command as Commander } from "commander";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { Program } from "../bridge/owner-launches.ts";
import type { OwnerWays } from "../bridge/owner-seeker.ts";
import type { Command } from "../bridge/person.ts";
import { EXIT } from "../bridge/terminal/exit-codes.ts";
import { Output } from "../bridge/terminal/output.ts";
import { type HomePaths, homePaths } from "../platform/paths.ts";

/** better-sqlite3 needs Node-API 10 and ends the process below it: say so instead. */
const MIN_NAPI = 10;

/** Options that commands share. */
export interface SharedOptions {
  readonly home?: string;
  readonly json?: boolean;
}

/** What command definitions have of the program they belong to. Work is loaded when it is asked for. */
export class Context {
  /** How this program is started again. */
  readonly self: Program;

  constructor(self: Program) {
    this.self = self;
  }

  /** A command with `--home` and `--json`. */
  command(
    parent: Commander,
    words: string,
    description: string,
    { isDefault = false } = {},
  ): Commander {
    return parent
      .command(words, { isDefault })
      .description(description)
      .option("--home <dir>", "data folder (TINYPLACE_HOME, ~/.tinyplace)")
      .option("--json", "print JSON");
  }

  /** Where a command works, and what it prints to. */
  async open(options: SharedOptions): Promise<Command> {
    const paths = homePaths(options.home);
    endWithReader();
    return { paths, ways: await this.ways(paths), output: new Output(options.json ?? false) };
  }

  /** What this program can do where no owner of the data folder runs. */
  async ways(paths: HomePaths): Promise<OwnerWays> {
    const [{ ownerLaunches }, { ownerMode }] = await Promise.all([
      import("../bridge/owner-launches.ts"),
      import("../bridge/owner-seeker.ts"),
    ]);
    const able = this.runsDatabase();
    return {
      mode: ownerMode(process.env),
      launches: () => ownerLaunches(paths, able ? this.self : null, process.env),
      here: able
        ? async () => (await import("../daemon/ownership-here.ts")).ownershipHere(paths, this.self)
        : null,
    };
  }

  /** An Electron runs the build that was made for it, whose database fits. */
  runsDatabase(): boolean {
    return this.self.isElectron || Number(process.versions.napi) >= MIN_NAPI;
  }

  /** For what cannot do without the database in this very process. */
  requireDatabase(): void {
    if (this.runsDatabase()) return;
    throw new TinyplaceError(
      "not_allowed",
      `tinyplace needs Node.js 22.14 or newer for its database; this is ${process.version}.`,
      "Use `npm start` or `npm exec tinyplace`, which bring their own.",
    );
  }
}

/** Whoever read what a command prints, as `head` does, has enough: that is no failure. */
function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    throw error;
  });
}
