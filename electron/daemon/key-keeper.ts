import type { Clock } from "../platform/clock.ts";
import {
  makePrekeys,
  PREKEYS_FULL,
  PREKEYS_LOW,
  ROTATE_AFTER_MS,
  removeOldPrekeys,
} from "../ratchet/prekeys.ts";
import type { RelayTransport } from "../relay/transport.ts";
import { newestPrekeyAt } from "../vault/ratchet-table.ts";
import type { Vault } from "../vault/vault.ts";
import { OWN_CAPABILITIES } from "./capabilities.ts";
import type { Identity } from "./identity.ts";

interface KeyKeeperParts {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly relay: RelayTransport;
  readonly clock: Clock;
}

/**
 * Keeps what others need to begin a session with us at the relay (rule E2): one-time keys topped up,
 * signed and last-resort keys rotated. Failures wait for the next occasion.
 */
export class KeyKeeper {
  private readonly parts: KeyKeeperParts;
  private running: Promise<void> | null = null;

  constructor(parts: KeyKeeperParts) {
    this.parts = parts;
  }

  /** Publishes what is missing at the relay. Never rejects. */
  topUp(): Promise<void> {
    this.running ??= this.publishMissing()
      .catch(() => undefined)
      .finally(() => {
        this.running = null;
      });
    return this.running;
  }

  /** Rotates when it is time to; asks the relay nothing otherwise. Never rejects. */
  rotate(): Promise<void> {
    return this.isRotationDue() ? this.topUp() : Promise.resolve();
  }

  async settled(): Promise<void> {
    await this.running;
  }

  close(): Promise<void> {
    return this.settled();
  }

  /** A clock that was set back must not keep a key longer than it should live. */
  private isRotationDue(): boolean {
    const newest = newestPrekeyAt(this.parts.vault, "signed_prekey");
    return newest === null || Math.abs(this.parts.clock.now() - newest) >= ROTATE_AFTER_MS;
  }

  private async publishMissing(): Promise<void> {
    const { identity, vault, relay, clock } = this.parts;
    // Without keys of our own (after a rescue) what the relay has of us is of no use to anybody.
    const none = newestPrekeyAt(vault, "signed_prekey") === null;
    const health = none ? null : await relay.bundleHealth();
    const preKeys = health?.preKeyCount ?? 0;
    const kyberPreKeys = health?.kyberPreKeyCount ?? 0;
    const low = !health || preKeys < PREKEYS_LOW || kyberPreKeys < PREKEYS_LOW;
    if (!low && !this.isRotationDue()) return;
    const counts = {
      preKeys: low ? Math.max(0, PREKEYS_FULL - preKeys) : 0,
      kyberPreKeys: low ? Math.max(0, PREKEYS_FULL - kyberPreKeys) : 0,
    };
    const now = clock.now();
    const upload = await makePrekeys(vault, identity, counts, now);
    await relay.publishBundle({ ...upload, capabilities: [...OWN_CAPABILITIES] });
    await removeOldPrekeys(vault, now);
  }
}
