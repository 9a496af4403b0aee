import { readFileSync, statSync } from "node:fs";
import { TinyplaceError } from "../../shared/errors/errors.ts";

/**
 * The passphrase in the file that TINYPLACE_PASSPHRASE_FILE names; null when none is named. Throws as
 * `readPassphraseFile` does.
 */
export function passphraseOfEnvironment(env: NodeJS.ProcessEnv = process.env): string | null {
  const path = env.TINYPLACE_PASSPHRASE_FILE;
  return path ? readPassphraseFile(path) : null;
}

/** A file's text less its last line end. Throws `vault_locked` when it is not there or others can read it. */
export function readPassphraseFile(path: string): string {
  let open: boolean;
  let text: string;
  try {
    open = process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new TinyplaceError(
      "vault_locked",
      `The passphrase file ${path} cannot be read.`,
      "Name a file that is there and that you may read. Nothing was changed.",
      { cause },
    );
  }
  if (!open) return text.replace(/\r?\n$/, "");
  throw new TinyplaceError(
    "vault_locked",
    `Others can read the passphrase file ${path}, so it is not used.`,
    `Close it to them (chmod 600 ${path}), and think of another passphrase. Nothing was changed.`,
  );
}
