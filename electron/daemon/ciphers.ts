import { errorView, TinyplaceError } from "../../shared/errors/errors.ts";
import { messagingAddressOf, publicKeyOf } from "../../shared/model/address.ts";
import type { Suite } from "../../shared/model/suite.ts";
import type { Clock } from "../platform/clock.ts";
import type { Cipher } from "../ratchet/cipher.ts";
import type { RatchetUnit } from "../ratchet/unit-of-work.ts";
import type { RelayTransport } from "../relay/transport.ts";
import { type PeerRow, readPeer, writePublished } from "../vault/peer-table.ts";
import type { Vault } from "../vault/vault.ts";

/** A peer of the network's own cipher is asked for something better this often, in ms. */
const LOOK_AGAIN_MS = 3600 * 1000;

interface CiphersParts {
  readonly vault: Vault;
  readonly relay: RelayTransport;
  readonly clock: Clock;
  readonly libsignal: Cipher;
  readonly sdk: Cipher;
}

/** A cipher that has a session with the peer, in the unit of work it was chosen for. */
export interface Choice {
  readonly cipher: Cipher;
  /** What the peer was found to publish: to be written with the step. Undefined: nothing was asked. */
  readonly published: { readonly capabilities: readonly string[] | null } | undefined;
}

/**
 * Which cipher a peer is written to with (rule E3): libsignal when it publishes keys for it, or ever
 * did; else the network's own.
 */
export class Ciphers {
  private readonly parts: CiphersParts;

  constructor(parts: CiphersParts) {
    this.parts = parts;
  }

  /** By the mark of an envelope. */
  of(suite: Suite | undefined): Cipher {
    return suite === "libsignal" ? this.parts.libsignal : this.parts.sdk;
  }

  /**
   * @param renew begins a new session even where there is one
   * @throws `peer_unknown` when the relay has no keys to begin with, `peer_identity_mismatch` when those
   * it gives, asked twice, are not the address's own
   */
  async choose(unit: RatchetUnit, peer: string, renew: boolean): Promise<Choice> {
    const { vault, relay, clock, libsignal, sdk } = this.parts;
    const known = readPeer(vault, peer);
    const shown = known.suite === "libsignal" || libsignal.hasSession(unit, peer);
    if (!renew && shown && libsignal.hasSession(unit, peer)) {
      return { cipher: libsignal, published: undefined };
    }
    if (!renew && !shown && sdk.hasSession(unit, peer)) {
      if (lookedLately(known, clock.now())) return { cipher: sdk, published: undefined };
      const capabilities = await relay.capabilities(addressOf(peer));
      if (capabilities === null) return { cipher: sdk, published: { capabilities } };
    }
    try {
      return await this.begin(unit, peer, shown);
    } catch (error) {
      // It ends messages for good, so it is believed when it is found twice: the first answer may have
      // been damaged on its way, or have come from something in the relay's place.
      if (errorView(error).code !== "peer_identity_mismatch") throw error;
      return this.begin(unit, peer, shown);
    }
  }

  /** @param shown the peer has shown libsignal: nothing less is used */
  private async begin(unit: RatchetUnit, peer: string, shown: boolean): Promise<Choice> {
    const { relay, libsignal, sdk } = this.parts;
    const bundle = await relay.fetchBundle(addressOf(peer));
    if (!bundle) throw unknownKeys(peer);
    const cipher = shown || bundle.libsignal ? libsignal : sdk;
    await cipher.startSession(unit, peer, bundle);
    return { cipher, published: { capabilities: bundle.libsignal?.capabilities ?? null } };
  }

  /** Nothing more is written in any session with the peer; false when there is none. */
  archiveSessions(unit: RatchetUnit, peer: string): boolean {
    const { libsignal, sdk } = this.parts;
    const had = [libsignal, sdk].map((cipher) => cipher.archiveSession(unit, peer));
    return had.includes(true);
  }

  /** Inside the write that commits the unit. */
  remember(peer: string, choice: Choice): void {
    const { vault, clock } = this.parts;
    if (choice.published) {
      writePublished(vault, peer, choice.published.capabilities, clock.now());
    }
  }
}

function lookedLately(known: PeerRow, now: number): boolean {
  return Math.abs(now - known.lookedAt) < LOOK_AGAIN_MS;
}

export function addressOf(cryptoId: string): string {
  return messagingAddressOf(publicKeyOf(cryptoId) as Uint8Array);
}

/** The live network's front end answers 404 for an encoded slash in a path (network.md part 1). */
function unknownKeys(peer: string): TinyplaceError {
  return addressOf(peer).includes("/")
    ? new TinyplaceError(
        "peer_unknown",
        `The relay finds no keys of ${peer}. Its base64 address has a /, for which front ends of some relays answer 404: then it cannot be reached there.`,
        "Ask its owner for an agent with another address. The message waits.",
      )
    : new TinyplaceError(
        "peer_unknown",
        `The relay knows no keys of ${peer}: it may not have started there yet.`,
        "Check the address. The message waits, and goes out when the other agent appears.",
      );
}
