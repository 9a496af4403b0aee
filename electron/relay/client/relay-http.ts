import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Clock } from "../../platform/clock.ts";
import { CONTENT_DIGEST, contentDigest } from "../content-digest.ts";
import { type Signer, signedHeaders } from "../signing.ts";
import type { Method } from "../wire.ts";
import { HttpPool } from "./http-pool.ts";
import type { Answer, RelayWire } from "./relay-wire.ts";

const TIMEOUT_MS = 30_000;
/** More than a relay's largest page; an answer beyond it is not read. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Signed JSON requests to one relay over kept connections. */
export class RelayHttp implements RelayWire {
  readonly url: string;
  private readonly pool: HttpPool;
  private readonly prefix: string;
  private readonly signer: Signer;
  private readonly clock: Clock;
  /** This relay's answers carry their digest: one without is not the relay's. */
  private givesDigests = false;

  constructor(url: string, signer: Signer, clock: Clock) {
    const base = new URL(url);
    this.url = url.replace(/\/+$/, "");
    // A path prefix of the base URL is not part of the signed URI.
    this.prefix = base.pathname.replace(/\/+$/, "");
    this.signer = signer;
    this.clock = clock;
    this.pool = new HttpPool(base.origin, {
      connections: 4,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connectTimeout: 10_000,
    });
  }

  async send(method: Method, uri: string, body?: unknown): Promise<Answer> {
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body), "utf8");
    // Contacts act as the base58 form, messages and keys as the base64 form.
    const actor = uri.startsWith("/contacts") ? this.signer.cryptoId : this.signer.address;
    const now = this.clock.now();
    const headers = {
      "content-type": "application/json",
      ...signedHeaders(this.signer, { method, uri, body: bytes, actor, now }),
    };
    try {
      const path = `${this.prefix}${uri}`;
      const response = await this.pool.request({ method, path, headers, body: bytes });
      const text = await readAll(response.body);
      if (response.statusCode === 408) throw tooSlow(this.url);
      this.checkDigest(response.headers[CONTENT_DIGEST], text);
      return { status: response.statusCode, body: asJson(text) };
    } catch (cause) {
      if (cause instanceof TinyplaceError) throw cause;
      throw new TinyplaceError(
        "relay_unreachable",
        `The relay ${this.url} does not answer.`,
        "Messages wait and go out when it answers again. If it is your own relay, check that it runs.",
        { cause },
      );
    }
  }

  /** Damage on the way, and gateways that answer in the relay's place, must not be believed. */
  private checkDigest(given: string | string[] | undefined, text: Uint8Array): void {
    if (given === undefined && !this.givesDigests) return;
    if (given === contentDigest(text)) {
      this.givesDigests = true;
      return;
    }
    throw new TinyplaceError(
      "relay_unreachable",
      `What answered for the relay ${this.url} is not the relay, or its answer was damaged on its way.`,
      "It is asked again by itself. If that goes on, check what stands between here and the relay.",
    );
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}

/** Said by HTTP itself, in the relay's name or of something before it: the request did not come in time. */
function tooSlow(url: string): TinyplaceError {
  return new TinyplaceError(
    "relay_unreachable",
    `The line to the relay ${url} is too slow for what was sent at once.`,
    "It is sent again by itself, less at a time.",
  );
}

async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new Error("the relay's answer is too large");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function asJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return null;
  }
}
