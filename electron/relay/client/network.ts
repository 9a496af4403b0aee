/** What is needed for relays of other processes alone: a host that uses its own never loads it. */
export { HttpRelayTransport } from "./http-transport.ts";
export { probeRelay } from "./probe-relay.ts";
