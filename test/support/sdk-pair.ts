import { join } from "node:path";
import type { RelayTransport } from "../../electron/relay/transport.ts";
import { SdkPeer } from "../fakes/sdk-peer.ts";
import { Bench } from "./agents.ts";

/** One of ours and one of the network's, contacts of each other. */
export async function pairWith(
  options: { pings?: boolean; wrap?: (relay: RelayTransport) => RelayTransport } = {},
) {
  const bench = await Bench.start();
  const ours = bench.party("ours");
  if (options.wrap) ours.wrap = options.wrap;
  await ours.start();
  const peer = sdkPeer(bench, options);
  await peer.publish();
  await peer.requestContact(ours.id);
  await ours.agent.relay.acceptContact(peer.cryptoId);
  const session = await ours.session("claude:1");
  const say = (text: string) => ours.sendTo(session, peer.cryptoId, text);
  return { bench, ours, peer, session, say };
}

function sdkPeer(bench: Bench, options: { pings?: boolean } = {}): SdkPeer {
  return new SdkPeer({
    url: bench.url,
    file: join(bench.home, "sdk-peer.json"),
    now: () => bench.time.now(),
    pings: options.pings ?? false,
  });
}

/** Loses what `lose` says of what we offer: accepted, and never stored. */
export function losing(relay: RelayTransport, lose: () => boolean): RelayTransport {
  return new Proxy(relay, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "put") return value.bind(target);
      return async (envelopes: Parameters<RelayTransport["put"]>[0]) => {
        const kept = envelopes.filter(() => !lose());
        const outcomes = kept.length > 0 ? await target.put(kept) : [];
        return envelopes.map(
          ({ id }) =>
            outcomes.find((one) => one.id === id) ?? {
              id,
              accepted: true,
              permanent: false,
              error: "",
            },
        );
      };
    },
  });
}
