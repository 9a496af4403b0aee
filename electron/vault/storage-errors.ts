import { TinyplaceError } from "../../shared/errors/errors.ts";
import { isDamageError } from "./sqlite.ts";

type StorageCode = "disk_full" | "disk_error" | "disk_readonly" | "vault_damaged";

/** SQLite's and the system's codes that speak of the disk, longest first where one begins another. */
const CODES: readonly (readonly [RegExp, StorageCode])[] = [
  // SQLITE_IOERR_SHMSIZE: the log's index could not grow, which is what a full disk refuses first.
  [/^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/, "disk_full"],
  [/^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|EROFS|EACCES|EPERM)/, "disk_readonly"],
  [/^(SQLITE_IOERR|EIO|ENODEV|ENXIO)/, "disk_error"],
];

const WORDS: Record<StorageCode, { message: string; next: string }> = {
  disk_full: {
    message: "The disk is full, so nothing was kept.",
    next: "Free some space on the disk of the data folder, then try again. What was kept before is unharmed, and mail that comes meanwhile waits at the relay.",
  },
  disk_readonly: {
    message: "The data folder cannot be written to, so nothing was kept.",
    next: "See that the disk is mounted for writing and that its files belong to you, then try again.",
  },
  disk_error: {
    message: "The disk failed to read or write, so nothing was kept.",
    next: "Check the disk (its cable, its free space, the system's log) and save a copy of the data folder, then try again.",
  },
  vault_damaged: {
    message: "A part of this agent's vault is damaged.",
    next: "Start tinyplace again: at the start a copy is kept aside and what can be read is rescued.",
  },
};

/** The disk's trouble in words for a person; any other error as it is. The one place that maps them. */
export function asStorageError(error: unknown): unknown {
  const code = error instanceof TinyplaceError ? null : storageCode(error);
  if (code === null) return error;
  const { message, next } = WORDS[code];
  return new TinyplaceError(code, message, next, { cause: error });
}

export function isStorageError(error: unknown): error is Error {
  return storageCode(error) !== null;
}

function storageCode(error: unknown): StorageCode | null {
  if (!(error instanceof Error)) return null;
  const own = (error as { code?: unknown }).code;
  if (typeof own !== "string") return null;
  if (error instanceof TinyplaceError)
    return Object.hasOwn(WORDS, own) ? (own as StorageCode) : null;
  if (isDamageError(error)) return "vault_damaged";
  return CODES.find(([pattern]) => pattern.test(own))?.[1] ?? null;
}
