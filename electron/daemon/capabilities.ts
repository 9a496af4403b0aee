import { messagingAddressOf, publicKeyOf } from "../../shared/model/address.ts";
import type { Clock } from "../platform/clock.ts";
import type { RelayTransport } from "../relay/transport.ts";
import { readPeer, writePublished } from "../vault/peer-table.ts";
import type { Vault } from "../vault/vault.ts";

/** What our own bundle says that we understand. */
export const OWN_CAPABILITIES = ["receipts", "repair"];

/** A peer's program is updated now and then: asked again after this, in ms. */
const FRESH_MS = 24 * 3600 * 1000;

/** What peers' published bundles say they understand, kept in the vault. */
export class Capabilities {
  private readonly parts: { vault: Vault; relay: RelayTransport; clock: Clock };

  constructor(parts: { vault: Vault; relay: RelayTransport; clock: Clock }) {
    this.parts = parts;
  }

  /** Null when it is not known and the relay cannot be asked now. */
  async of(peer: string): Promise<readonly string[] | null> {
    const { vault, relay, clock } = this.parts;
    const known = readPeer(vault, peer);
    const now = clock.now();
    if (known.capabilities && Math.abs(now - known.lookedAt) < FRESH_MS) return known.capabilities;
    try {
      const key = publicKeyOf(peer);
      if (!key) return [];
      const found = await relay.capabilities(messagingAddressOf(key));
      await vault.write(() => writePublished(vault, peer, found, now));
      // It has shown libsignal, and publishes none at this relay yet: what it has shown stands.
      return readPeer(vault, peer).capabilities;
    } catch {
      return known.capabilities;
    }
  }
}
