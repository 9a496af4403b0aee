import type { z } from "zod";
import { cryptoIdOf, publicKeyOf } from "../../../shared/model/address.ts";
import type { Clock } from "../../platform/clock.ts";
import type { RelayStore } from "../store/store.ts";
import type { Ring } from "../wire.ts";
import type { RequestGuard, SignedRequest } from "./auth.ts";
import { HttpError } from "./http-error.ts";
import type { RelayObserver } from "./observer.ts";
import type { RateLimits } from "./rate-limit.ts";
import type { RelayRequest } from "./route.ts";

/** What routes work with. */
export interface RouteParts {
  readonly store: RelayStore;
  readonly clock: Clock;
  readonly rates: RateLimits;
  readonly observer: RelayObserver;
  /** Rings the doorbell of an agent (cryptoId). Resolves when it rang, or others were told to ring. */
  readonly ring: (agent: string, ring: Ring) => Promise<void>;
}

/** The signer's cryptoId, within its rate, of a request that comes once. Rejects with HttpError. */
export async function admitSigned(
  { guard, rates, store: { fleet } }: { guard: RequestGuard } & Pick<RouteParts, "rates" | "store">,
  request: SignedRequest,
): Promise<string> {
  const { agent, nonce } = guard.authenticate(request);
  rates.countAgent(agent);
  // Last, since it costs most: another relay of the fleet may have had this very request.
  if (fleet && nonce !== null && !(await fleet.takeNonce(agent, nonce))) {
    throw new HttpError(401, "replayed nonce", { reason: "replayed_nonce" });
  }
  return agent;
}

export function readBody<T>(schema: z.ZodType<T>, request: RelayRequest): T {
  return read(schema, request.body());
}

export function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || "request";
  throw new HttpError(400, `bad ${field}: ${issue?.message ?? "unreadable"}`);
}

/** Either written form of a key as cryptoId; 404 for anything else. */
export function cryptoIdFrom(address: string): string {
  const key = publicKeyOf(address);
  if (!key) throw new HttpError(404, "unknown recipient form");
  return cryptoIdOf(key);
}

export function requireSelf(signer: string, named: string): void {
  if (cryptoIdFrom(named) !== signer) throw new HttpError(403, "agentId is not the signer");
}
