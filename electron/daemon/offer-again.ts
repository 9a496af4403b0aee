import { insertMailJob, JOB_LIFETIME_MS, jobOf } from "../vault/job-table.ts";
import { unconfirmed, unconfirmedPeers } from "../vault/outgoing-table.ts";
import { readPeer } from "../vault/peer-table.ts";
import type { Vault } from "../vault/vault.ts";

const MAX_AT_ONCE = 10_000;

/**
 * The relay lost what it had taken (rule D7): what peers have not confirmed goes out once more, as new
 * ciphertext under the same message ids, which whoever has them already drops. Peers that confirm
 * nothing are left out: they would show everything twice.
 */
export function offerAgain(vault: Vault, now: number): Promise<void> {
  return vault.write(() => {
    for (const recipient of unconfirmedPeers(vault)) {
      if (!readPeer(vault, recipient).capabilities?.includes("receipts")) continue;
      const since = now - JOB_LIFETIME_MS;
      for (const { message } of unconfirmed(vault, recipient, since, MAX_AT_ONCE)) {
        if (!jobOf(vault, message)) insertMailJob(vault, { recipient, message, at: now });
      }
    }
  });
}
