import { claimOwnership } from "../bridge/claim-ownership.ts";
import type { Program } from "../bridge/owner-launches.ts";
import type { OwnershipHere } from "../bridge/owner-seeker.ts";
import { type HomePaths, privateFolder } from "../platform/paths.ts";
import { tryKernelLock } from "../vault/kernel-lock.ts";

/** A bridge's own part in ownership: it may start an owner, or be the owner, with the same code. */
export function ownershipHere(paths: HomePaths, program: Program | null = null): OwnershipHere {
  privateFolder(paths.home);
  return {
    turnToStart: () => tryKernelLock(paths.startLock),
    claim: () => claimOwnership(paths, "bridge"),
    host: async (lock) => {
      // Ratchet, relay and vaults are loaded by the one process that needs them.
      const { serveHost } = await import("./serve-host.ts").catch((error: unknown) => {
        lock.release();
        throw error;
      });
      return serveHost({ paths, lock, kind: "bridge", ...(program && { program }) });
    },
  };
}
