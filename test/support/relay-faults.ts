import type { RelayTransport } from "../../electron/relay/transport.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";

/** A relay that is asked otherwise for these calls. */
export function replacing(relay: RelayTransport, calls: Partial<RelayTransport>): RelayTransport {
  return new Proxy(relay, {
    get(target, name) {
      const own: unknown = Reflect.get(calls, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function noAnswer(): TinyplaceError {
  return new TinyplaceError("relay_unreachable", "no answer", "Wait.");
}

/** A relay that can be made to answer nothing to mail, while its doorbell stays connected. */
export function deafness() {
  const state = { deaf: false };
  const wrap = (relay: RelayTransport): RelayTransport =>
    replacing(relay, {
      put: async (envelopes) => {
        if (state.deaf) throw noAnswer();
        return relay.put(envelopes);
      },
    });
  return { state, wrap };
}
