import type { handleCalls } from "../../shared/protocol/name-calls.ts";
import type { CallHandlers } from "./call-handlers.ts";
import type { Host } from "./host.ts";

/** A person's commands about handles: they name the wallet, and need no session. */
export function handleHandlers(hostOf: () => Host): CallHandlers<keyof typeof handleCalls> {
  const named = (wallet: string) => {
    const { directory, identity } = hostOf().agents.named(wallet);
    return { directory, view: () => ({ address: identity.cryptoId, handle: directory.own() }) };
  };
  return {
    "handle.claim": async ({ wallet, handle }) => {
      const { directory, view } = named(wallet);
      await directory.claim(handle);
      return view();
    },
    "handle.release": async ({ wallet, handle }) => {
      const { directory, view } = named(wallet);
      await directory.release(handle);
      return view();
    },
    "handle.accept": async ({ wallet, handle, cryptoId }) => {
      await named(wallet).directory.decide(handle, cryptoId);
      return {};
    },
  };
}
