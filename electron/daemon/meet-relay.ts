import { forgetAsked } from "../vault/contact-table.ts";
import { forgetLooks } from "../vault/peer-table.ts";
import { setting, writeSetting } from "../vault/policy-table.ts";
import type { Vault } from "../vault/vault.ts";

/** The setting with the address of the relay that the vault's notes are about. */
const MET = "relay_met";

/**
 * What was asked of another relay than this one is forgotten: it knows nothing of contact requests
 * made there, and others may publish other keys here. Rejects when the vault cannot be written.
 */
export async function meetRelay(vault: Vault, url: string): Promise<void> {
  const met = setting(vault, MET);
  if (met === url) return;
  await vault.write(() => {
    if (met !== null) {
      forgetAsked(vault);
      forgetLooks(vault);
    }
    writeSetting(vault, MET, url);
  });
}
