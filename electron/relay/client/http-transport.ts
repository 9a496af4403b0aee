import { systemTimers, type Timers } from "../../../shared/pacing/timers.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Signer } from "../signing.ts";
import { DoorbellSocket } from "./doorbell-socket.ts";
import { type Installation, RelayClient } from "./relay-client.ts";
import { RelayHttp } from "./relay-http.ts";

/** Between two pings of the doorbell. */
const HEARTBEAT_MS = 20_000;

/** The wire API over HTTP, raw-signed, with a WebSocket as its doorbell. */
export class HttpRelayTransport extends RelayClient {
  constructor(
    url: string,
    signer: Signer,
    clock: Clock,
    options: { timers?: Timers; installation?: Installation; heartbeatMs?: number } = {},
  ) {
    const wire = new RelayHttp(url, signer, clock);
    const installation = options.installation ?? null;
    const doorbell = new DoorbellSocket({
      ...{ url: wire.url, signer, clock },
      timers: options.timers ?? systemTimers,
      installation: installation?.id ?? null,
      heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS,
    });
    super({ wire, doorbell, agent: signer, installation });
  }
}
