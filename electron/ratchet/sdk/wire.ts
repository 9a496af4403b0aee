import type { Header } from "./double-ratchet.ts";
import { fromBase64, toBase64 } from "./encoding.ts";
import { SdkCipherError } from "./error.ts";
import type { Handshake } from "./x3dh.ts";

/** In a first message only. */
interface WireHandshake {
  readonly ephemeralKey?: string | undefined;
  readonly signedPreKeyId?: string | undefined;
  readonly oneTimePreKeyId?: string | undefined;
}

/** The cleartext part of an envelope (network.md part 2, section 6); keys are base64. */
export interface WireSignal extends WireHandshake {
  readonly ratchetKey: string;
  readonly messageNumber: number;
  readonly previousChainLength: number;
}

const MAX_COUNTER = 0xffff_ffff;

export function writeSignal(header: Header, handshake: Handshake | null): WireSignal {
  return {
    ratchetKey: toBase64(header.ratchetKey),
    messageNumber: header.messageNumber,
    previousChainLength: header.previousChainLength,
    ...(handshake && writeHandshake(handshake)),
  };
}

export function writeHandshake(handshake: Handshake): WireHandshake {
  const { ephemeralKey, signedPreKeyId, oneTimePreKeyId } = handshake;
  return {
    ephemeralKey: toBase64(ephemeralKey),
    signedPreKeyId,
    ...(oneTimePreKeyId !== null && { oneTimePreKeyId }),
  };
}

/** Throws `malformed`. */
export function readHeader(signal: WireSignal | undefined): Header {
  if (!signal) throw new SdkCipherError("malformed", "the envelope has no ratchet header");
  return {
    ratchetKey: fromBase64(signal.ratchetKey, 32),
    messageNumber: counter(signal.messageNumber),
    previousChainLength: counter(signal.previousChainLength),
  };
}

/** Throws `malformed`. */
export function readHandshake(signal: WireHandshake): Handshake {
  const { ephemeralKey, signedPreKeyId, oneTimePreKeyId } = signal;
  if (ephemeralKey === undefined || signedPreKeyId === undefined) {
    throw new SdkCipherError(
      "malformed",
      "a first message does not name the keys it was made with",
    );
  }
  return {
    ephemeralKey: fromBase64(ephemeralKey, 32),
    signedPreKeyId,
    oneTimePreKeyId: oneTimePreKeyId ?? null,
  };
}

/** The largest number is left out: one more would not fit. */
function counter(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < MAX_COUNTER) return value;
  throw new SdkCipherError("malformed", "a counter is out of range");
}
