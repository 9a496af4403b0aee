import { systemTimers, type Timers } from "../../shared/pacing/timers.ts";
import { type HomePaths, privateFolder } from "../platform/paths.ts";
import { acquireOwnerLock, type OwnerLock } from "../vault/owner-lock.ts";
import { contendersPause } from "./contenders-pause.ts";
import type { HostClient } from "./socket-client.ts";

/** Either this process owns the data folder now, or another one does and answers. */
export type Claim = { readonly lock: OwnerLock } | { readonly owner: HostClient };

export interface ClaimOptions {
  /** An owner that starts or ends does not answer for a moment: after this many ms it hangs. */
  readonly patienceMs?: number;
  readonly timers?: Timers;
}

/**
 * Takes the owner lock as soon as the kernel lets go of it, or finds who holds it (rule L1). Neither
 * waits for a timeout of the owner's: a dead one holds nothing. Throws `host_hung` when the lock is
 * held and nobody answers; the lock stays whose it is.
 */
export async function claimOwnership(
  paths: HomePaths,
  client: string,
  { patienceMs = 5_000, timers = systemTimers }: ClaimOptions = {},
): Promise<Claim> {
  privateFolder(paths.home);
  const start = performance.now();
  for (let attempt = 0; ; attempt++) {
    const lock = acquireOwnerLock(paths.lock);
    if (lock) return { lock };
    // Only now: a start finds no owner as a rule, and waits for nothing that it does not need.
    const { HostClient } = await import("./socket-client.ts");
    const owner = await HostClient.connectIfThere(paths, client, timers);
    if (owner) return { owner };
    if (performance.now() - start > patienceMs) {
      throw (await import("./owner-errors.ts")).hostHung(paths);
    }
    await contendersPause(attempt, timers);
  }
}
