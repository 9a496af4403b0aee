import { readFileSync } from "node:fs";
import type { HomePaths } from "../platform/paths.ts";
import { RelayThread } from "../relay/embedded/relay-thread.ts";

/**
 * The embedded relay's thread, which then loads while its host does; null where the agents seem to use
 * another relay. HostRelay decides: what was guessed wrong here costs a start some time.
 */
export function relayThreadAhead(paths: HomePaths): RelayThread | null {
  return process.env.TINYPLACE_API_URL || namesAnother(paths.settings) ? null : new RelayThread();
}

/** The schema of the settings is part of what takes long to load. */
function namesAnother(settings: string): boolean {
  try {
    const kept: unknown = JSON.parse(readFileSync(settings, "utf8"));
    return typeof (kept as { relay?: unknown }).relay === "string";
  } catch {
    return false;
  }
}
