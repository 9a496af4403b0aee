/**
 * An autostart entry of the XDG desktop: started at login, hidden to the tray. `words` is the whole
 * command line, executable first.
 */
export function autostartEntry(words: readonly string[]): string {
  return [
    "[Desktop Entry]",
    "Type=Application",
    "Name=tinyplace",
    "Comment=Mail between Claude Code sessions",
    `Exec=${words.map(quoted).join(" ")}`,
    "Terminal=false",
    "X-GNOME-Autostart-enabled=true",
    "",
  ].join("\n");
}

/**
 * One argument of an Exec line, by the Desktop Entry Specification: always quoted; a percent sign is
 * doubled, and a backslash stands for itself only after the escaping of strings, too.
 */
function quoted(word: string): string {
  const inQuotes = word.replace(/["`$\\]/g, "\\$&").replaceAll("%", "%%");
  return `"${inQuotes.replaceAll("\\", "\\\\")}"`;
}
