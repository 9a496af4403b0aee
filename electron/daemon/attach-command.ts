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
  const words = attachWords(commandLine, home).map((word) =>
    /^[\w@%+=:,./\\-]+$/.test(word) ? word : JSON.stringify(word),
  );
  return `claude ${words.join(" ")}`;
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
