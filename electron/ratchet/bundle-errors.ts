import { TinyplaceError } from "../../shared/errors/errors.ts";

export function mismatch(peer: string, cause?: unknown): TinyplaceError {
  return new TinyplaceError(
    "peer_identity_mismatch",
    `The keys published for ${peer} do not belong to that address, so nothing was encrypted to them.`,
    "Check the address with the other agent. If it is right, the relay in between offers false keys: do not use it.",
    { cause },
  );
}

/**
 * A peer that has shown libsignal is never written to with less (rule E3); so it waits until the relay
 * offers those keys again.
 */
export function withoutKeys(peer: string): TinyplaceError {
  return new TinyplaceError(
    "peer_unknown",
    `The relay offers no keys of ${peer} for the encryption it has shown before, and nothing less is used.`,
    "The message waits until the other agent publishes its keys again; check with it that it runs.",
  );
}
