import type { Clock } from "../platform/clock.ts";
import {
  makePrekeys,
  PREKEYS_FULL,
  PREKEYS_LOW,
  ROTATE_AFTER_MS,
  removeOldPrekeys,
} from "../ratchet/prekeys.ts";
import { makeSdkPrekeys } from "../ratchet/sdk-prekeys.ts";
import type { KeyHealth, RelayTransport } from "../relay/transport.ts";
import { setting, writeSetting } from "../vault/policy-table.ts";
import { newestPrekeyAt } from "../vault/ratchet-table.ts";
import { newestSdkSignedAt } from "../vault/sdk-ratchet-table.ts";
import type { Vault } from "../vault/vault.ts";
import { OWN_CAPABILITIES } from "./capabilities.ts";
import type { Identity } from "./identity.ts";

/** The setting with the address of the relay that has our newest signed keys. */
const PUBLISHED = "keys_published_at";
const NO_SDK_KEYS: KeyHealth["sdk"] = { signedPreKeyId: null, oneTimePreKeyCount: 0 };

interface KeyKeeperParts {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly relay: RelayTransport;
  readonly clock: Clock;
  /** Keys of the network's own cipher, too. */
  readonly publishesForAll: () => boolean;
}

/**
 * Keeps what others need to begin a session with us at the relay (rules E2, E3), in both ciphers:
 * one-time keys topped up, signed and last-resort keys rotated. Failures wait for the next occasion.
 */
export class KeyKeeper {
  private readonly parts: KeyKeeperParts;
  private running: Promise<void> | null = null;
  /** A relay that takes no libsignal keys, as those of the network: none are made at every look. */
  private takesNone: string | null = null;

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
    const { vault, clock, publishesForAll } = this.parts;
    const due = (newest: number | null) =>
      newest === null || Math.abs(clock.now() - newest) >= ROTATE_AFTER_MS;
    if (due(newestPrekeyAt(vault, "signed_prekey"))) return true;
    return publishesForAll() && due(newestSdkSignedAt(vault));
  }

  private async publishMissing(): Promise<void> {
    const { vault, relay, clock } = this.parts;
    const health = await relay.keyHealth();
    // Back at a relay after long, the signed keys that it has of us may be forgotten here.
    const published = setting(vault, PUBLISHED);
    const rotate = this.isRotationDue() || (published !== null && published !== relay.url);
    // Without keys of our own (after a rescue) what the relay has of us is of no use to anybody.
    const none = newestPrekeyAt(vault, "signed_prekey") === null;
    const noSdk = newestSdkSignedAt(vault) === null;
    // Apart, so that a relay which refuses one kind of keys still gets the other; but one after the
    // other, since the first upload of another installation clears away all that was there.
    const libsignal = this.publishLibsignal(none ? null : health.libsignal, rotate);
    const results = [
      ...(await Promise.allSettled([libsignal])),
      ...(await Promise.allSettled([this.publishSdk(noSdk ? NO_SDK_KEYS : health.sdk, rotate)])),
    ];
    if (results.some((one) => one.status === "rejected")) return;
    if (published !== relay.url) await vault.write(() => writeSetting(vault, PUBLISHED, relay.url));
    if (rotate) await removeOldPrekeys(vault, clock.now());
  }

  private async publishLibsignal(health: KeyHealth["libsignal"], rotate: boolean): Promise<void> {
    const { identity, vault, relay, clock } = this.parts;
    if (this.takesNone === relay.url) return;
    const preKeys = health?.preKeyCount ?? 0;
    const kyberPreKeys = health?.kyberPreKeyCount ?? 0;
    const low = !health || preKeys < PREKEYS_LOW || kyberPreKeys < PREKEYS_LOW;
    if (!low && !rotate) return;
    const counts = {
      preKeys: low ? Math.max(0, PREKEYS_FULL - preKeys) : 0,
      kyberPreKeys: low ? Math.max(0, PREKEYS_FULL - kyberPreKeys) : 0,
    };
    const upload = await makePrekeys(vault, identity, counts, clock.now());
    const bundle = { ...upload, capabilities: [...OWN_CAPABILITIES] };
    if (!(await relay.publishBundle(bundle))) this.takesNone = relay.url;
  }

  /** Keys of the network's own cipher, for peers that know no other (rule E3). */
  private async publishSdk(health: KeyHealth["sdk"], rotate: boolean): Promise<void> {
    const { identity, vault, relay, clock, publishesForAll } = this.parts;
    if (!publishesForAll()) return;
    const count = health.oneTimePreKeyCount;
    const low = health.signedPreKeyId === null || count < PREKEYS_LOW;
    if (!low && !rotate) return;
    const missing = low ? Math.max(0, PREKEYS_FULL - count) : 0;
    const keys = await makeSdkPrekeys(vault, identity.seed, missing, clock.now());
    await relay.publishSdkKeys(keys.signed, keys.oneTime);
  }
}
