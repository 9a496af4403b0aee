import type { RelayEnvelope } from "../../electron/relay/wire.ts";

/** What relays carry unread: an envelope whose body nobody ever encrypted. */
export function opaqueEnvelope(
  { from, to }: { from: { address: string }; to: { address: string } },
  id: string,
  body = "AAAA",
): RelayEnvelope {
  return {
    id,
    from: from.address,
    to: to.address,
    timestamp: "2027-01-15T08:00:00.000Z",
    deviceId: 1,
    type: "CIPHERTEXT",
    body,
    suite: "libsignal",
  };
}
