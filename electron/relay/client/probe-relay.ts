import { randomBytes } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import { createSigner } from "../signing.ts";
import { HttpRelayTransport } from "./http-transport.ts";

/**
 * Resolves when a relay answers at `url`, and rejects with `relay_unreachable` or `relay_refused`. It is
 * asked with a key that is drawn for this and forgotten: a relay that is not used yet learns nothing.
 */
export async function probeRelay(url: string, clock: Clock): Promise<void> {
  const relay = new HttpRelayTransport(url, createSigner(randomBytes(32)), clock);
  try {
    // No address stands in this path: front ends of some relays answer 404 for one with a slash.
    await relay.contactRequests();
  } finally {
    await relay.close();
  }
}
