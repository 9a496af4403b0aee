import { TinyplaceError } from "../../shared/errors/errors.ts";
import { systemTimers } from "../../shared/pacing/timers.ts";
import type { CallParams } from "../../shared/protocol/protocol.ts";
import { claimOwnership } from "../bridge/claim-ownership.ts";
import type { HostClient } from "../bridge/socket-client.ts";
import type { HomePaths } from "../platform/paths.ts";
import type { OwnerLock } from "../vault/owner-lock.ts";

/** A host that promised to release has this long for what is under way, in ms. */
const RELEASE_WITHIN_MS = 20_000;
/** Another may slip in between: it is asked, too. */
const HOSTS_ASKED = 5;

/**
 * The desktop application's way to the data folder (rule L4): a host without a window is asked to
 * hand it over. Null when another desktop application runs, which shows its window where `show` says
 * so, or the place of `link`. Throws `host_hung` or `host_running`.
 * @param willOwn a host promised to release, some time before it has
 */
export async function takeOver(
  paths: HomePaths,
  show: boolean,
  link: string | null = null,
  willOwn: () => void = () => undefined,
): Promise<OwnerLock | null> {
  for (let asked = 0; ; asked++) {
    const patience = asked > 0 ? { patienceMs: RELEASE_WITHIN_MS } : {};
    const claim = await claimOwnership(paths, "desktop", patience);
    if ("lock" in claim) return claim.lock;
    if (asked >= HOSTS_ASKED) {
      throw (await import("../bridge/owner-errors.ts")).hostRunning(paths, claim.owner.host);
    }
    const call = { show, ...(link !== null && { link }) };
    if (!(await isReleasing(claim.owner, call, willOwn))) return null;
  }
}

async function isReleasing(
  owner: HostClient,
  asked: CallParams<"handover">,
  willOwn: () => void,
): Promise<boolean> {
  try {
    const { releasing } = await owner.call("handover", asked);
    if (releasing) {
      willOwn();
      await closeOf(owner);
    }
    return releasing;
  } catch (error) {
    // It ended in the same moment, which serves as well.
    if (error instanceof TinyplaceError && error.code === "host_absent") return true;
    throw error;
  } finally {
    owner.close();
  }
}

function closeOf(owner: HostClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = systemTimers.after(RELEASE_WITHIN_MS, () => reject(owner.hung()));
    owner.onClose(() => {
      cancel();
      resolve();
    });
  });
}
