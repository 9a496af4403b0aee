/**
 * The command that makes Claude Code start this program's bridge in every session. An Electron
 * executable has to be told to run the bridge as Node: else it would open the application again.
 */
export function attachCommand(
  commandLine: { executable: string; entry: string; isElectron: boolean },
  home: string,
): string {
  const words = [commandLine.executable, commandLine.entry, "mcp", "--home", home].map((word) =>
    /^[\w@%+=:,./\\-]+$/.test(word) ? word : JSON.stringify(word),
  );
  const env = commandLine.isElectron ? " -e ELECTRON_RUN_AS_NODE=1" : "";
  return `claude mcp add tinyplace --scope user${env} -- ${words.join(" ")}`;
}
