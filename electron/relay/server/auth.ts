import { cryptoIdOf, publicKeyOf } from "../../../shared/model/address.ts";
import type { Clock } from "../../platform/clock.ts";
import { signedText, verifySignature } from "../signing.ts";

/** A request's date may be this far from the relay's clock, in ms. */
const DATE_WINDOW_MS = 300_000;
/** Nonces remembered at most; beyond it requests are refused rather than forgotten. */
const MAX_NONCES = 500_000;
const SIWS_PREFIX = "siws:";

export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface SignedRequest {
  readonly method: string;
  readonly uri: string;
  readonly body: Uint8Array | null;
  readonly header: (name: string) => string;
}

/** Checks who sent a request (network.md part 1, section 3). All answers are cryptoIds. */
export class RequestGuard {
  private readonly nonces = new Map<string, number>();
  private readonly clock: Clock;
  private readonly allowSiws: boolean;

  constructor(clock: Clock, allowSiws: boolean) {
    this.clock = clock;
    this.allowSiws = allowSiws;
  }

  /** The signer's cryptoId; the actor header must name the same identity. Throws HttpError. */
  authenticate(request: SignedRequest): string {
    const address = required(request, "x-tinyplace-public-key");
    const signature = required(request, "x-tinyplace-signature");
    const key = publicKeyOf(address);
    if (!key) throw new HttpError(401, "invalid public key");
    const id = cryptoIdOf(key);
    if (signature.startsWith(SIWS_PREFIX)) this.checkSiws(signature, key, id);
    else this.checkRaw(request, signature, key, id);
    const actor = publicKeyOf(required(request, "x-agent-id"));
    if (!actor || cryptoIdOf(actor) !== id) {
      throw new HttpError(403, "actor does not match signing key");
    }
    return id;
  }

  /** The WebSocket's credential, as in the Authorization header. */
  authenticateStream(authorization: string): string {
    const match = /^tiny\.place ([1-9A-HJ-NP-Za-km-z]{32,44}):(siws:[^:]+|[^:]+):(.+)$/.exec(
      authorization,
    );
    const key = match ? publicKeyOf(match[1] as string) : null;
    if (!match || !key) throw new HttpError(401, "missing authorization");
    const id = cryptoIdOf(key);
    const [signature, date] = [match[2] as string, match[3] as string];
    if (signature.startsWith(SIWS_PREFIX)) this.checkSiws(signature, key, id);
    else {
      this.checkDate(date);
      if (!verifySignature(key, Buffer.from(date, "utf8"), signature)) {
        throw new HttpError(401, "invalid signature");
      }
    }
    return id;
  }

  private checkRaw(request: SignedRequest, signature: string, key: Uint8Array, id: string): void {
    const date = required(request, "x-tinyplace-date");
    const nonce = required(request, "x-tinyplace-nonce");
    if (nonce.length > 128) throw new HttpError(401, "invalid nonce");
    this.checkDate(date);
    // The signature comes before the nonce is remembered: a forger must not use up nonces.
    if (!verifySignature(key, signedText({ ...request, date, nonce }), signature)) {
      throw new HttpError(401, "invalid signature");
    }
    this.rememberNonce(`${id} ${nonce}`);
  }

  private checkDate(date: string): void {
    const at = Date.parse(date);
    if (Number.isNaN(at) || Math.abs(this.clock.now() - at) > DATE_WINDOW_MS) {
      throw new HttpError(401, "stale signature date");
    }
  }

  private rememberNonce(nonce: string): void {
    const now = this.clock.now();
    if (this.nonces.has(nonce)) throw new HttpError(401, "replayed nonce");
    // Insertion order is age order: the old ones stand first. A date may lie in the future by one
    // window, so a nonce must outlive two.
    for (const [old, at] of this.nonces) {
      if (now - at <= 2 * DATE_WINDOW_MS) break;
      this.nonces.delete(old);
    }
    if (this.nonces.size >= MAX_NONCES) throw new HttpError(429, "too many requests");
    this.nonces.set(nonce, now);
  }

  private checkSiws(token: string, key: Uint8Array, id: string): void {
    if (!this.allowSiws) throw new HttpError(401, "sign-in tokens are not accepted here");
    const message = siwsMessage(token, key);
    const lines = message?.split("\n") ?? [];
    const expiry = lines.find((line) => line.startsWith("Expiration Time: "))?.slice(17);
    if (lines[1] !== id || !expiry || !(Date.parse(expiry) > this.clock.now())) {
      throw new HttpError(401, "invalid signature");
    }
  }
}

/** The signed message of a token, or null when its signature is not the key's. */
function siwsMessage(token: string, key: Uint8Array): string | null {
  try {
    const json = Buffer.from(token.slice(SIWS_PREFIX.length), "base64url").toString("utf8");
    const { signedMessage, signature } = JSON.parse(json) as Record<string, unknown>;
    if (typeof signedMessage !== "string" || typeof signature !== "string") return null;
    const bytes = Buffer.from(signedMessage, "base64");
    return verifySignature(key, bytes, signature) ? bytes.toString("utf8") : null;
  } catch {
    return null;
  }
}

function required(request: SignedRequest, name: string): string {
  const value = request.header(name);
  if (!value) throw new HttpError(401, `missing ${name}`);
  return value;
}
