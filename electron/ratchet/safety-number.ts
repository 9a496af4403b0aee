import { Fingerprint } from "@signalapp/libsignal-client";
import { identityKeyOf } from "./identity.ts";

/** As Signal's own clients compute theirs. */
const ITERATIONS = 5200;
const VERSION = 2;
const GROUP = 5;

export interface SafetyNumber {
  /** 60 digits in groups of five: the same on both sides. */
  readonly groups: readonly string[];
  /** What the QR code holds. */
  readonly scannable: Uint8Array;
}

/** The number two people compare to know that no other agent stands between them (rule C2). */
export function safetyNumber(own: string, peer: string): SafetyNumber {
  const fingerprint = Fingerprint.new(
    ITERATIONS,
    VERSION,
    new TextEncoder().encode(own),
    identityKeyOf(own),
    new TextEncoder().encode(peer),
    identityKeyOf(peer),
  );
  const digits = fingerprint.displayableFingerprint().toString();
  const groups = digits.match(new RegExp(`\\d{${GROUP}}`, "g")) ?? [];
  return { groups, scannable: fingerprint.scannableFingerprint().toBuffer() };
}
