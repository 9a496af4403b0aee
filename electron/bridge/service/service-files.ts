/**
 * The files by which systemd and launchd run the daemon for a person: one per data folder, started at
 * login, and again when it fails. It steps back where another tinyplace owns the data folder.
 */
export interface ServiceProgram {
  /** The whole command line, executable first. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A systemd user unit. What is forbidden needs no namespaces, which a user's manager may not have, and
 * nothing that a session started for an automatic answer would miss. V8 writes code: no
 * MemoryDenyWriteExecute.
 */
export function systemdUnit({ words, env }: ServiceProgram): string {
  return lines(
    "[Unit]",
    "Description=tinyplace, mail between Claude Code sessions",
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${words.map(argument).join(" ")}`,
    ...Object.entries(env).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`),
    "Restart=on-failure",
    "RestartSec=2",
    "TimeoutStopSec=30",
    "UMask=0077",
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "SystemCallArchitectures=native",
    "",
    "[Install]",
    "WantedBy=default.target",
  );
}

/** A launchd agent. @param log where it writes what it says. */
export function launchdPlist({ words, env }: ServiceProgram, label: string, log: string): string {
  return lines(
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    "<dict>",
    `  <key>Label</key>${text(label)}`,
    "  <key>ProgramArguments</key>",
    "  <array>",
    ...words.map((word) => `    ${text(word)}`),
    "  </array>",
    "  <key>EnvironmentVariables</key>",
    "  <dict>",
    ...Object.entries(env).map(([name, value]) => `    <key>${escaped(name)}</key>${text(value)}`),
    "  </dict>",
    "  <key>RunAtLoad</key><true/>",
    "  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>",
    "  <key>ProcessType</key><string>Background</string>",
    // 0077
    "  <key>Umask</key><integer>63</integer>",
    `  <key>StandardErrorPath</key>${text(log)}`,
    "</dict>",
    "</plist>",
  );
}

/** In arguments a dollar sign begins a variable; the program's own path is taken as it is. */
function argument(word: string, at: number): string {
  return quoted(at === 0 ? word : word.replaceAll("$", "$$$$"));
}

/** By systemd's rules: specifiers begin with a percent sign, backslash and quote are escaped. */
function quoted(word: string): string {
  return `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}

function text(value: string): string {
  return `<string>${escaped(value)}</string>`;
}

function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function lines(...all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
