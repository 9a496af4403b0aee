import type { Suite } from "../../shared/model/suite.ts";
import type { WireSignal } from "./sdk/wire.ts";
import type { SdkBundle } from "./sdk/x3dh.ts";
import type { RatchetUnit } from "./unit-of-work.ts";

/** A peer's libsignal keys; every value is base64 except the numbers. */
export interface LibsignalKeys {
  readonly registrationId: number;
  readonly identityKey: string;
  readonly signedPreKey: {
    readonly id: number;
    readonly publicKey: string;
    readonly signature: string;
  };
  readonly preKey: { readonly id: number; readonly publicKey: string } | null;
  readonly kyberPreKey: {
    readonly id: number;
    readonly publicKey: string;
    readonly signature: string;
  };
}

/** A peer's published keys. Source: the relay, untrusted. */
export interface PeerBundle {
  readonly libsignal: LibsignalKeys | null;
  readonly sdk: SdkBundle | null;
}

/** The encrypted part of an envelope (network.md part 1, section 4). */
export interface Ciphertext {
  /** `PREKEY_BUNDLE` starts a session at the receiver. */
  readonly type: "PREKEY_BUNDLE" | "CIPHERTEXT";
  /** base64 */
  readonly body: string;
  /** The network's own cipher has its header in clear. */
  readonly signal?: WireSignal | undefined;
}

export interface Sealed {
  readonly ciphertext: Ciphertext;
  /** Which session it was sent in, where that matters afterwards. */
  readonly session: string | null;
}

/**
 * One agent's end of its sessions in one cipher. Every method stages its step in the given unit of
 * work and writes nothing; callers keep one queue per peer. Peers are named by cryptoId.
 */
export interface Cipher {
  readonly suite: Suite;
  hasSession(unit: RatchetUnit, peer: string): boolean;
  /**
   * Begins a new session, in place of the one there may be. Throws `peer_unknown` when the bundle has
   * no keys of this cipher, `peer_identity_mismatch` when they are not the address's own.
   */
  startSession(unit: RatchetUnit, peer: string, bundle: PeerBundle): Promise<void>;
  /** Nothing more is written in the current session; false when there is none. */
  archiveSession(unit: RatchetUnit, peer: string): boolean;
  encrypt(unit: RatchetUnit, peer: string, plaintext: Uint8Array): Promise<Sealed>;
  /**
   * The first of these, all at once and elsewhere than on this thread: as many as that is worth it for,
   * often none. The rest is for `encrypt`.
   */
  encryptAhead(
    unit: RatchetUnit,
    peer: string,
    plaintexts: readonly Uint8Array[],
  ): Promise<readonly Sealed[]>;
  /**
   * Throws when it cannot be decrypted; the unit is then to be dropped.
   * @param message `timestamp` is the sender's own claim, ISO 8601
   */
  decrypt(
    unit: RatchetUnit,
    peer: string,
    message: Ciphertext & { readonly timestamp?: string },
  ): Promise<Uint8Array>;
  /**
   * The first of these, as `encryptAhead` does. It ends before one that cannot be decrypted, which is for
   * `decrypt`, as is the rest.
   */
  decryptAhead(
    unit: RatchetUnit,
    peer: string,
    messages: readonly Ciphertext[],
  ): Promise<readonly Uint8Array[]>;
  /** The message's key was used already: it was decrypted before, or its sender went back in time. */
  isRepeated(error: unknown): boolean;
}
