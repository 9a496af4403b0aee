/** What a terminal runs as `tinyplace`. */
export interface CommandLine {
  readonly executable: string;
  readonly entry: string;
  readonly isElectron: boolean;
}

/**
 * The command that makes Claude Code start this program's bridge in every session. An Electron
 * executable has to be told to run the bridge as Node: else it would open the application again.
 */
export function attachCommand(commandLine: CommandLine, home: string): string {
  return `claude ${quoted(attachWords(commandLine, home))}`;
}

/** The same as words, for starting `claude` without a shell. */
export function attachWords(
  { executable, entry, isElectron }: CommandLine,
  home: string,
): string[] {
  const env = isElectron ? ["-e", "ELECTRON_RUN_AS_NODE=1"] : [];
  const bridge = [executable, entry, "mcp", "--home", home];
  return ["mcp", "add", "tinyplace", "--scope", "user", ...env, "--", ...bridge];
}

/** What a terminal runs as `tinyplace <words>`. */
export function tinyplaceCommand(commandLine: CommandLine, words: readonly string[]): string {
  const env = commandLine.isElectron ? "ELECTRON_RUN_AS_NODE=1 " : "";
  return `${env}${quoted([commandLine.executable, commandLine.entry, ...words])}`;
}

function quoted(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(" ");
}
