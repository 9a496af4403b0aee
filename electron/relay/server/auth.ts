import { cryptoIdOf, publicKeyOf } from "../../../shared/model/address.ts";
import type { Clock } from "../../platform/clock.ts";
import { signedText, verifySignature } from "../signing.ts";
import { HttpError } from "./http-error.ts";
import { DATE_WINDOW_MS, type NonceLimits, NonceMemory } from "./nonces.ts";
import { isSiws, siwsHolds } from "./siws.ts";

export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as received. */
  readonly uri: string;
  readonly body: Uint8Array | null;
  readonly header: (name: string) => string;
}

interface GuardOptions {
  readonly clock: Clock;
  /** Sign-in tokens sign nothing of a request: whoever reads one can use it (rule N4). */
  readonly allowSiws: boolean;
  readonly nonces?: NonceLimits;
  /** Others remember nonces, too: what was signed before this start may be taken. */
  readonly shared?: boolean;
  /** From when on this relay remembers every nonce it took, in ms. Default: from now on. */
  readonly startedAt?: number;
}

/** Who signed; the nonce to be taken once in the whole fleet, null for a token, which has none. */
interface Signed {
  readonly agent: string;
  readonly nonce: string | null;
}

/** Checks who sent a request (network.md part 1, section 3). All answers are cryptoIds. */
export class RequestGuard {
  private readonly clock: Clock;
  private readonly allowSiws: boolean;
  private readonly nonces: NonceMemory;
  private readonly shared: boolean;
  private readonly startedAt: number;

  constructor({ clock, allowSiws, nonces, shared = false, startedAt }: GuardOptions) {
    this.clock = clock;
    this.allowSiws = allowSiws;
    this.nonces = new NonceMemory(nonces);
    this.shared = shared;
    this.startedAt = startedAt ?? clock.now();
  }

  /** The actor header must name the identity that signed. Throws HttpError. */
  authenticate(request: SignedRequest): Signed {
    const address = required(request, "x-tinyplace-public-key");
    const signature = required(request, "x-tinyplace-signature");
    const key = publicKeyOf(address);
    if (!key) throw new HttpError(401, "invalid public key");
    const id = cryptoIdOf(key);
    const token = isSiws(signature);
    if (token) this.checkSiws(signature, key, id);
    else this.checkRaw(request, signature, key, id);
    // Not signed by any form, so it may only repeat what the key says.
    const actor = publicKeyOf(required(request, "x-agent-id"));
    if (!actor || cryptoIdOf(actor) !== id) {
      throw new HttpError(403, "actor does not match signing key", { reason: "wrong_actor" });
    }
    return { agent: id, nonce: token ? null : required(request, "x-tinyplace-nonce") };
  }

  /**
   * The WebSocket's credential, as in the Authorization header (section 3.3). It has no nonce: within
   * the window it can be used again, which gains a thief no more than doorbells. Mail travels with them
   * to those alone that signed the request as well.
   */
  authenticateStream(authorization: string): string {
    const match = /^tiny\.place ([1-9A-HJ-NP-Za-km-z]{32,44}):(siws:[^:]+|[^:]+):(.+)$/.exec(
      authorization,
    );
    const key = match ? publicKeyOf(match[1] as string) : null;
    if (!match || !key) throw new HttpError(401, "missing authorization");
    const id = cryptoIdOf(key);
    const [signature, date] = [match[2] as string, match[3] as string];
    if (isSiws(signature)) this.checkSiws(signature, key, id);
    else {
      this.checkDate(date);
      if (!verifySignature(key, Buffer.from(date, "utf8"), signature)) {
        throw new HttpError(401, "invalid signature", { reason: "invalid_signature" });
      }
    }
    return id;
  }

  private checkRaw(request: SignedRequest, signature: string, key: Uint8Array, id: string): void {
    const date = required(request, "x-tinyplace-date");
    const nonce = required(request, "x-tinyplace-nonce");
    if (nonce.length > 64) throw new HttpError(401, "invalid nonce");
    const at = this.checkDate(date);
    if (!this.shared && this.mayPredateStart(at))
      throw new HttpError(401, "stale signature date", { reason: "stale_date" });
    // The signature comes before the nonce is remembered: a forger must not use up nonces.
    if (!verifySignature(key, signedText({ ...request, date, nonce }), signature)) {
      throw new HttpError(401, "invalid signature", { reason: "invalid_signature" });
    }
    this.nonces.take(id, nonce, at, this.clock.now());
  }

  /**
   * Nonces seen before the start are not remembered, so what was signed before it is refused while it
   * would still be in the window. A clock that was set back since does not count as that.
   */
  private mayPredateStart(at: number): boolean {
    const age = this.clock.now() - this.startedAt;
    return at < this.startedAt && age >= 0 && age <= 2 * DATE_WINDOW_MS;
  }

  /** The date in ms. */
  private checkDate(date: string): number {
    const at = Date.parse(date);
    if (!(Math.abs(this.clock.now() - at) <= DATE_WINDOW_MS)) {
      throw new HttpError(401, "stale signature date", { reason: "stale_date" });
    }
    return at;
  }

  private checkSiws(token: string, key: Uint8Array, id: string): void {
    if (!this.allowSiws) {
      const words = "sign-in tokens are not accepted here: sign each request";
      throw new HttpError(401, words, { reason: "token_refused" });
    }
    if (!siwsHolds(token, key, id, this.clock.now()))
      throw new HttpError(401, "invalid signature", { reason: "invalid_signature" });
  }
}

function required(request: SignedRequest, name: string): string {
  const value = request.header(name);
  if (!value) throw new HttpError(401, `missing ${name}`);
  return value;
}
