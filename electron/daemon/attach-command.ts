/** The command that makes Claude Code start this program's bridge in every session. */
export function attachCommand(
  commandLine: { executable: string; entry: string },
  home: string,
): string {
  const words = [commandLine.executable, commandLine.entry, "mcp", "--home", home].map((word) =>
    /^[\w@%+=:,./\\-]+$/.test(word) ? word : JSON.stringify(word),
  );
  return `claude mcp add tinyplace --scope user -- ${words.join(" ")}`;
}
