import { readFileSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { z } from "zod";
import { currentLogin, isLoginOver, login } from "./login.ts";
import type { HomePaths } from "./paths.ts";
import { writePrivateFile } from "./private-file.ts";

const quitMark = z.object({
  /** From where it was quit. */
  from: z.enum(["tray", "terminal"]),
  user: z.string(),
  /** ISO 8601 */
  at: z.string(),
  login,
});

/** A person quit tinyplace, and nothing but a person (or the next login) starts it again (rule L5). */
export type QuitMark = z.infer<typeof quitMark>;

export function writeQuitMark(paths: HomePaths, from: QuitMark["from"]): void {
  const mark: QuitMark = {
    from,
    user: userName(),
    at: new Date().toISOString(),
    login: currentLogin(),
  };
  writePrivateFile(paths.quitMark, `${JSON.stringify(mark)}\n`);
}

/** The mark that holds now, or null. One from before this login, or that cannot be read, is none. */
export function readQuitMark(paths: HomePaths): QuitMark | null {
  try {
    const mark = quitMark.parse(JSON.parse(readFileSync(paths.quitMark, "utf8")));
    return isLoginOver(mark.login) ? null : mark;
  } catch {
    return null;
  }
}

export function clearQuitMark(paths: HomePaths): void {
  rmSync(paths.quitMark, { force: true });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry, as in some containers.
    return "this user";
  }
}
