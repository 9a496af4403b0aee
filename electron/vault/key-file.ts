import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { removeUnfinished, writePrivateFile } from "../platform/private-file.ts";
import { passphraseSlot } from "./passphrase.ts";
import { asStorageError } from "./storage-errors.ts";

/**
 * `vault.key`: where the key of the vault beside it is kept (rule Z1). Each slot alone gives the same
 * key. The name stands here in clear, so that a vault that is locked can be called by it.
 */
const slot = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("keychain"), account: z.string() }),
  passphraseSlot,
  /** base64 of the key itself, for where nothing else keeps it */
  z.object({ kind: z.literal("file"), key: z.string() }),
]);
export type KeySlot = z.infer<typeof slot>;

const current = z.object({
  version: z.literal(2),
  name: z.string().nullable(),
  slots: z.array(slot).min(1),
});
export type KeyFile = z.infer<typeof current>;

const FILE_NAME = "vault.key";

export function hasKeyFile(folder: string): boolean {
  return existsSync(join(folder, FILE_NAME));
}

/** Throws `vault_locked`: without this file the vault cannot be opened, and none is ever made anew. */
export function readKeyFile(folder: string): KeyFile {
  const path = join(folder, FILE_NAME);
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    // The first version had one slot and no name.
    const first = z.object({ version: z.literal(1), slot }).safeParse(content);
    if (first.success) return { version: 2, name: null, slots: [first.data.slot] };
    return current.parse(content);
  } catch (cause) {
    throw new TinyplaceError(
      "vault_locked",
      `The key file ${path} cannot be read.`,
      "Put the file back from a backup; without it the vault beside it cannot be opened. Nothing was changed.",
      { cause },
    );
  }
}

export function writeKeyFile(folder: string, file: Omit<KeyFile, "version">): void {
  const path = join(folder, FILE_NAME);
  try {
    // A key may stand in what a crash left.
    removeUnfinished(path);
    writePrivateFile(path, `${JSON.stringify({ version: 2, ...file })}\n`);
  } catch (error) {
    throw asStorageError(error);
  }
}
