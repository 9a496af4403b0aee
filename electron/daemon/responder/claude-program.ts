import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Where its installers put it: an application that was started from a menu has a short PATH. */
const USUAL_FOLDERS = [
  join(homedir(), ".local", "bin"),
  join(homedir(), ".claude", "local"),
  "/usr/local/bin",
  "/opt/homebrew/bin",
];

/** Claude Code's program: TINYPLACE_CLAUDE, else on the PATH, else where it usually is; else null. */
export function findClaude(env: NodeJS.ProcessEnv): string | null {
  if (env.TINYPLACE_CLAUDE) return isProgram(env.TINYPLACE_CLAUDE) ? env.TINYPLACE_CLAUDE : null;
  const name = process.platform === "win32" ? "claude.exe" : "claude";
  const folders = [
    ...(env.PATH ?? "").split(delimiter).filter((one) => one !== ""),
    ...USUAL_FOLDERS,
  ];
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Of a session, of this program's own, or of the Node.js it runs on. */
const OURS = /^(CLAUDE|ANTHROPIC|TINYPLACE|ELECTRON|NODE)_?/i;
/** How a person signs in, and where their Claude Code's settings are. */
const KEPT =
  /^(ANTHROPIC_(API_KEY|AUTH_TOKEN|BASE_URL|CUSTOM_HEADERS|MODEL|BEDROCK_.*|VERTEX_.*|FOUNDRY_.*)|CLAUDE_CONFIG_DIR|CLAUDE_CODE_(OAUTH_TOKEN|USE_(BEDROCK|VERTEX|FOUNDRY)|SKIP_\w+_AUTH|DISABLE_NONESSENTIAL_TRAFFIC)|NODE_EXTRA_CA_CERTS)$/;

/**
 * The environment of a responder's child: a person's own, less everything of the session or program
 * that started us, and without what they wrote down for themselves (CLAUDE.md, memories): strangers
 * read its answers.
 */
export function childEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(
    (pair): pair is [string, string] =>
      pair[1] !== undefined && (KEPT.test(pair[0]) || !OURS.test(pair[0])),
  );
  return {
    ...Object.fromEntries(kept),
    CLAUDE_CODE_DISABLE_CLAUDE_MDS: "1",
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
  };
}
