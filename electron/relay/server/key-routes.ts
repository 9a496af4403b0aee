import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { messagingAddressOf, publicKeyOf } from "../../../shared/model/address.ts";
import { verifySignature } from "../signing.ts";
import type { KeyHealth } from "../store/store.ts";
import { libsignalUpload, type SdkKey, sdkKey } from "../wire.ts";
import { HttpError } from "./http-error.ts";
import {
  cryptoIdFrom,
  noContent,
  type RouteParts,
  readBody,
  requireSelf,
  signerOf,
  type WithId,
} from "./request.ts";

/** Fewer one-time keys than this are `low`, and this many are worth a refill. */
const LOW = 5;
const REFILL = 10;

const signedUpload = z.object({ identityKey: z.string(), signedPreKey: sdkKey });
const oneTimeUpload = z.object({ identityKey: z.string(), preKeys: z.array(sdkKey).max(200) });

/** Pre-keys (network.md part 1, section 5), and the libsignal bundle beside the network's own. */
export function addKeyRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { store, clock } = parts;

  app.get<WithId>("/keys/:id/bundle", async (request) => {
    const agent = cryptoIdFrom(request.params.id);
    // Who asks need not sign, so anybody could use them up: beyond the bound it goes without.
    const oneTime = parts.rates.takeOneTimeKey(agent);
    if (!oneTime) parts.observer.refused("one_time_keys");
    const taken = await store.takeBundle(agent, { oneTime });
    if (!taken) throw new HttpError(404, "no keys published");
    const address = messagingAddressOf(keyOf(agent));
    return {
      agentId: address,
      identityKey: address,
      ...(taken.sdk && { signedPreKey: taken.sdk.signedPreKey }),
      ...(taken.sdk?.oneTimePreKey && { oneTimePreKey: taken.sdk.oneTimePreKey }),
      updatedAt: new Date(taken.updatedAt).toISOString(),
      ...(taken.libsignal && { libsignal: taken.libsignal }),
    };
  });

  // Ours: whoever answers a first message never fetched the bundle, and must not use up its keys.
  app.get<WithId>("/keys/:id/capabilities", async (request) => {
    const capabilities = await store.capabilities(cryptoIdFrom(request.params.id));
    if (!capabilities) throw new HttpError(404, "no keys published");
    return { capabilities };
  });

  app.get<WithId>("/keys/:id/health", async (request) => {
    const agent = await signerOf(parts, request);
    requireSelf(agent, request.params.id);
    return healthView(request.params.id, await store.keyHealth(agent), clock.now());
  });

  app.put<WithId>("/keys/:id/signed-prekey", async (request, reply) => {
    const agent = await signerOf(parts, request);
    requireSelf(agent, request.params.id);
    const { identityKey, signedPreKey } = readBody(signedUpload, request);
    checkKeys(agent, identityKey, [signedPreKey]);
    await store.publishSigned(agent, signedPreKey, clock.now());
    return noContent(reply);
  });

  app.put<WithId>("/keys/:id/prekeys", async (request, reply) => {
    const agent = await signerOf(parts, request);
    requireSelf(agent, request.params.id);
    const { identityKey, preKeys } = readBody(oneTimeUpload, request);
    checkKeys(agent, identityKey, preKeys);
    await store.publishOneTime(agent, preKeys);
    return noContent(reply);
  });

  app.put<WithId>("/keys/:id/libsignal", async (request, reply) => {
    const agent = await signerOf(parts, request);
    requireSelf(agent, request.params.id);
    // Not checked against the address: whoever fetches it does, and need not trust a relay.
    await store.publish(agent, readBody(libsignalUpload, request), clock.now());
    return noContent(reply);
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
