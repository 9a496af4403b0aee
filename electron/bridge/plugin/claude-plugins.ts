import { spawn } from "node:child_process";
import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";

const NAME = "tinyplace";
const PLUGIN = `${NAME}@${NAME}`;
const PATIENCE_MS = 120_000;

const listed = z.array(
  z.object({
    id: z.string(),
    version: z.string().optional(),
    enabled: z.boolean().optional(),
    installPath: z.string().optional(),
  }),
);
type InstalledPlugin = z.infer<typeof listed>[number];

/** Claude Code's own plugin commands; nothing else touches its settings. */
export class ClaudePlugins {
  private readonly claude: string;

  /** @param claude Claude Code's program, by path or by name on the PATH. */
  constructor(claude: string) {
    this.claude = claude;
  }

  /** Installs what the marketplace in `folder` offers, over what was installed before. */
  async install(folder: string): Promise<void> {
    // An update would keep what it has copied under the same version.
    await this.uninstall();
    await this.run(["plugin", "marketplace", "add", folder]);
    await this.run(["plugin", "install", PLUGIN]);
  }

  /** True when there was something to take away. */
  async uninstall(): Promise<boolean> {
    const before = await this.installed();
    if (before) await this.run(["plugin", "uninstall", PLUGIN]);
    const known = await this.run(["plugin", "marketplace", "list", "--json"]);
    const isKnown = z
      .array(z.object({ name: z.string() }))
      .parse(JSON.parse(known))
      .some(({ name }) => name === NAME);
    if (isKnown) await this.run(["plugin", "marketplace", "remove", NAME]);
    return before !== null || isKnown;
  }

  async installed(): Promise<InstalledPlugin | null> {
    const plugins = listed.parse(JSON.parse(await this.run(["plugin", "list", "--json"])));
    return plugins.find(({ id }) => id === PLUGIN) ?? null;
  }

  private run(words: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.claude, words, {
        stdio: ["ignore", "pipe", "pipe"],
        timeout: PATIENCE_MS,
      });
      let output = "";
      let errors = "";
      child.stdout.on("data", (data: Buffer) => {
        output += data.toString();
      });
      child.stderr.on("data", (data: Buffer) => {
        errors += data.toString();
      });
      child.once("error", (cause) => reject(noClaude(this.claude, cause)));
      child.once("close", (code) => {
        if (code === 0) resolve(output);
        else reject(refused(words, (errors || output).trim()));
      });
    });
  }
}

function noClaude(claude: string, cause: Error): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    `Claude Code cannot be started as ${claude}.`,
    "Install Claude Code, or say where it is: tinyplace plugin install --claude PATH.",
    { cause },
  );
}

function refused(words: readonly string[], why: string): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    `\`claude ${words.join(" ")}\` failed: ${why.slice(0, 500)}`,
    "Run that command yourself to see more, then try again.",
  );
}
