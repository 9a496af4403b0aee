import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Clock } from "../../platform/clock.ts";
import { CONTENT_DIGEST, contentDigest } from "../content-digest.ts";
import { type Signer, signedHeaders } from "../signing.ts";
import { HttpPool } from "./http-pool.ts";

const TIMEOUT_MS = 30_000;
/** More than a relay's largest page; an answer beyond it is not read. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** How a relay refuses. Schemas are made once: each compiles itself when it first reads something. */
const refusal = z.object({ error: z.string() });

export type Method = "GET" | "PUT" | "POST" | "DELETE";

export interface Answer {
  readonly status: number;
  /** Null for an empty answer and for one that is not JSON. */
  readonly body: unknown;
}

/** Signed JSON requests to one relay over kept connections. */
export class RelayHttp {
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

  /** Whatever the relay answers; rejects with `relay_unreachable` when it does not. */
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

  /** The answer of a call that has to succeed, read through `schema`; rejects with the refusal. */
  async expect<T>(schema: z.ZodType<T>, method: Method, uri: string, body?: unknown): Promise<T> {
    const answer = await this.send(method, uri, body);
    if (answer.status < 200 || answer.status >= 300) throw refused(answer);
    return readAnswer(schema, answer);
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}

/** Rejects with `relay_refused` when the answer is not what the call promises. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Answer): T {
  const result = schema.safeParse(answer.body);
  if (result.success) return result.data;
  throw new TinyplaceError(
    "relay_refused",
    `The relay answered (${answer.status}) with something this program cannot read.`,
    "Check the relay's address: another service may be running there, or another version.",
    { cause: result.error },
  );
}

export function refused(answer: Answer): TinyplaceError {
  const text = errorText(answer);
  if (text === "mailbox_leased") {
    return new TinyplaceError(
      "mailbox_leased",
      "Another installation of tinyplace took this agent's mailbox over.",
      "Use the agent there, or move it back here in its view in the window.",
    );
  }
  if (text === "not_a_contact") {
    return new TinyplaceError(
      "contact_required",
      "The relay takes mail between accepted contacts only.",
      "Send a contact request, and write again when it was accepted.",
    );
  }
  if (answer.status === 403 && text === "blocked") {
    return new TinyplaceError(
      "contact_blocked",
      "One of the two agents blocks the other.",
      "If it was this one, contact_remove ends its own block. The other's block is theirs to end.",
    );
  }
  if (answer.status === 404 && text.startsWith("no pending request")) {
    return new TinyplaceError(
      "contact_unknown",
      "This agent has not asked for contact.",
      "contact_requests lists who has; contact_add asks them instead.",
    );
  }
  return new TinyplaceError(
    "relay_refused",
    `The relay refused (${answer.status}${text ? `: ${text}` : ""}).`,
    nextStep(answer.status),
  );
}

/** The relay's own words, "" when it gave none. */
export function errorText(answer: Answer): string {
  const parsed = refusal.safeParse(answer.body);
  const text = parsed.success ? parsed.data.error.slice(0, 200) : "";
  if (answer.status !== 401 || !text.includes("date")) return text;
  return `this machine's clock is wrong, or the relay's: ${text}`;
}

function nextStep(status: number): string {
  if (status === 401) return "Check this machine's clock; requests are signed with the time.";
  if (status === 413) return "Send less at once.";
  if (status === 429) return "Wait a little; it takes more when it has room again.";
  if (status >= 500) return "The relay has trouble of its own. It is tried again by itself.";
  return "Check the address you named, then try again.";
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
