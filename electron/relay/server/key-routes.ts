import { z } from "zod";
import { messagingAddressOf, publicKeyOf } from "../../../shared/model/address.ts";
import { verifySignature } from "../signing.ts";
import type { KeyHealth } from "../store/store.ts";
import { libsignalUpload, type SdkKey, sdkKey } from "../wire.ts";
import { HttpError } from "./http-error.ts";
import { cryptoIdFrom, type RouteParts, readBody, requireSelf } from "./request.ts";
import { idIn, NO_CONTENT, ok, type RelayReply, type RelayRequest, type Route } from "./route.ts";

/** Fewer one-time keys than this are `low`, and this many are worth a refill. */
const LOW = 5;
const REFILL = 10;

const signedUpload = z.object({ identityKey: z.string(), signedPreKey: sdkKey });
const oneTimeUpload = z.object({ identityKey: z.string(), preKeys: z.array(sdkKey).max(200) });

/** Pre-keys (network.md part 1, section 5), and the libsignal bundle beside the network's own. */
export function keyRoutes(parts: RouteParts): readonly Route[] {
  const { store, clock } = parts;
  /** A change that only the agent itself makes. */
  const own = (
    path: string,
    change: (agent: string, request: RelayRequest) => Promise<void>,
  ): Route => ({
    method: "PUT",
    path,
    handle: async (request) => {
      const agent = await request.signer();
      requireSelf(agent, idIn(request));
      await change(agent, request);
      return NO_CONTENT;
    },
  });
  return [
    { method: "GET", path: "/keys/:id/bundle", handle: (request) => bundle(parts, request) },
    {
      // Ours: whoever answers a first message never fetched the bundle, and must not use up its keys.
      method: "GET",
      path: "/keys/:id/capabilities",
      handle: async (request) => {
        const capabilities = await store.capabilities(cryptoIdFrom(idIn(request)));
        if (!capabilities) throw new HttpError(404, "no keys published");
        return ok({ capabilities });
      },
    },
    {
      method: "GET",
      path: "/keys/:id/health",
      handle: async (request) => {
        const agent = await request.signer();
        requireSelf(agent, idIn(request));
        return ok(healthView(idIn(request), await store.keyHealth(agent), clock.now()));
      },
    },
    own("/keys/:id/signed-prekey", async (agent, request) => {
      const { identityKey, signedPreKey } = readBody(signedUpload, request);
      checkKeys(agent, identityKey, [signedPreKey]);
      await store.publishSigned(agent, signedPreKey, clock.now());
    }),
    own("/keys/:id/prekeys", async (agent, request) => {
      const { identityKey, preKeys } = readBody(oneTimeUpload, request);
      checkKeys(agent, identityKey, preKeys);
      await store.publishOneTime(agent, preKeys);
    }),
    // Not checked against the address: whoever fetches it does, and need not trust a relay.
    own("/keys/:id/libsignal", (agent, request) =>
      store.publish(agent, readBody(libsignalUpload, request), clock.now()),
    ),
  ];
}

async function bundle(parts: RouteParts, request: RelayRequest): Promise<RelayReply> {
  const agent = cryptoIdFrom(idIn(request));
  // Who asks need not sign, so anybody could use them up: beyond the bound it goes without.
  const oneTime = parts.rates.takeOneTimeKey(agent);
  const taken = await parts.store.takeBundle(agent, { oneTime });
  if (!taken) {
    // Made-up agents cost nothing, and the names that are counted have an end.
    parts.rates.giveBackOneTimeKey(agent);
    throw new HttpError(404, "no keys published");
  }
  if (!oneTime) parts.observer.refused("one_time_keys");
  const address = messagingAddressOf(keyOf(agent));
  return ok({
    agentId: address,
    identityKey: address,
    ...(taken.sdk && { signedPreKey: taken.sdk.signedPreKey }),
    ...(taken.sdk?.oneTimePreKey && { oneTimePreKey: taken.sdk.oneTimePreKey }),
    updatedAt: new Date(taken.updatedAt).toISOString(),
    ...(taken.libsignal && { libsignal: taken.libsignal }),
  });
}

/** The network's own keys sign the base64 text of the public key, not its bytes. */
function checkKeys(agent: string, identityKey: string, keys: readonly SdkKey[]): void {
  const key = keyOf(agent);
  if (identityKey !== messagingAddressOf(key)) {
    throw new HttpError(400, "identityKey is not the agent's key");
  }
  for (const one of keys) {
    if (!verifySignature(key, Buffer.from(one.publicKey, "utf8"), one.signature)) {
      throw new HttpError(400, `bad signature of pre-key ${one.keyId}`);
    }
  }
}

function healthView(agentId: string, { sdk, libsignal, updatedAt }: KeyHealth, now: number) {
  const low = sdk.oneTimePreKeyCount < LOW;
  return {
    agentId,
    oneTimePreKeyCount: sdk.oneTimePreKeyCount,
    lowOneTimePreKeys: low,
    ...(low && { recommendedPreKeyRefill: REFILL }),
    ...(sdk.signedPreKeyId !== null && { signedPreKeyKeyId: sdk.signedPreKeyId }),
    ...(sdk.signedAt !== null && { signedPreKeyUpdatedAt: new Date(sdk.signedAt).toISOString() }),
    updatedAt: new Date(updatedAt || now).toISOString(),
    ...(libsignal && { libsignal }),
  };
}

function keyOf(cryptoId: string): Uint8Array {
  return publicKeyOf(cryptoId) as Uint8Array;
}
