/**
 * The files of the Claude Code plugin that name this installation: which program Claude Code starts for
 * the bridge and for each hook, and for which data folder.
 */
export interface Installation {
  /** Runs `entry`: Node.js, or an Electron that has to be told to be one. */
  readonly executable: string;
  readonly isElectron: boolean;
  /** The command line's own file. */
  readonly entry: string;
  /** What runs the hooks: a Node.js, where there is one that starts faster than `executable`. */
  readonly hookRuntime: { readonly executable: string; readonly isElectron: boolean };
  /** The hook program's own file, which that runtime can read. */
  readonly hook: string;
  /** Data folder. */
  readonly home: string;
}

/** Claude Code's event, the hook's name for it, and how long it may take, in s. */
const HOOKS = [
  ["SessionStart", "session-start"],
  ["UserPromptSubmit", "user-prompt-submit"],
  ["Stop", "stop"],
  ["StopFailure", "stop-failure"],
  ["Notification", "notification"],
  ["PermissionRequest", "permission-request"],
  ["PostToolUse", "post-tool-use"],
  ["PostToolUseFailure", "post-tool-use"],
  ["SessionEnd", "session-end"],
] as const;
const HOOK_TIMEOUT_S = 5;
/** What comes with every call of a tool: the session does not wait for it. */
const BACKGROUND_EVENTS: ReadonlySet<string> = new Set(["PostToolUse", "PostToolUseFailure"]);
/** Where a hook begins to wait for mail. One that is waiting ends when another begins. */
const WAKING_EVENTS: ReadonlySet<string> = new Set(["SessionStart", "UserPromptSubmit"]);
/** A session that idles for longer is not woken, in s. */
const WAKE_TIMEOUT_S = 7 * 24 * 3600;

/** Paths inside the plugin's folder, and what stands in each. */
export function installationFiles(to: Installation): Record<string, string> {
  const env = to.isElectron ? { env: { ELECTRON_RUN_AS_NODE: "1" } } : {};
  const tinyplace = {
    command: to.executable,
    args: [to.entry, "mcp", "--home", to.home],
    ...env,
  };
  const hooks = Object.fromEntries(
    HOOKS.map(([event, name]) => {
      const waking = WAKING_EVENTS.has(event) ? [wakingHookOf(to)] : [];
      const background = BACKGROUND_EVENTS.has(event) ? { async: true } : {};
      return [event, [{ hooks: [{ ...hookOf(to, name), ...background }, ...waking] }]];
    }),
  );
  return {
    ".mcp.json": asFile({ mcpServers: { tinyplace } }),
    "hooks/hooks.json": asFile({ description: "Tells sessions of their mail", hooks }),
  };
}

/** In exec form: no shell stands between, and no path has to be quoted. */
function hookOf({ hookRuntime, hook, home }: Installation, name: string) {
  const words = [hookRuntime.executable, hook, name, home];
  const [command, ...args] = hookRuntime.isElectron ? asNode(words) : words;
  return { type: "command", command, args, timeout: HOOK_TIMEOUT_S };
}

/** It runs in the background; ending with exit code 2 wakes the session with what it printed. */
function wakingHookOf(to: Installation) {
  return {
    ...hookOf(to, "wake"),
    timeout: WAKE_TIMEOUT_S,
    asyncRewake: true,
    rewakeMessage: "tinyplace woke this session for mail:",
    rewakeSummary: "tinyplace: mail for this session",
  };
}

/** A hook has no environment of its own to be given. */
function asNode(words: readonly string[]): string[] {
  if (process.platform !== "win32") return ["/usr/bin/env", "ELECTRON_RUN_AS_NODE=1", ...words];
  const line = words.map((word) => `"${word}"`).join(" ");
  return ["cmd.exe", "/d", "/s", "/c", `"set ELECTRON_RUN_AS_NODE=1&& ${line}"`];
}

function asFile(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
