import { runHook } from "./bridge/hook-command.ts";
import { homePaths } from "./platform/paths.ts";

/**
 * `hook NAME [HOME]`: the command line's `tinyplace hook` as a program of its own, which loads nothing
 * else and so starts fast.
 */
const [name = "", home] = process.argv.slice(2);
process.exit(await runHook(homePaths(home || undefined), name));
