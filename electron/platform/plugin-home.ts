import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where the earlier plugin keeps its data: TINYPLACE_CLAUDE_HOME, else `~/.tinyplace-claude`. */
export function pluginHome(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.TINYPLACE_CLAUDE_HOME ?? join(homedir(), ".tinyplace-claude"));
}
