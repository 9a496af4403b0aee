import type { Method } from "../wire.ts";
import type { HttpError } from "./http-error.ts";

/** One call of the wire API as a route sees it, whichever way it came. */
export interface RelayRequest {
  /** What stands in the places of the route's path that begin with a colon. */
  readonly params: Readonly<Record<string, string>>;
  /** Untrusted, as the body is. */
  readonly query: unknown;
  /** The network address it came from, for rates. */
  readonly address: string;
  /** The caller's cryptoId. Rejects with HttpError. */
  signer(): Promise<string>;
  /** A JSON value. Only after `signer`, which checks the bytes as they came. Throws HttpError. */
  body(): unknown;
}

/** JSON that is written already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface RelayReply {
  readonly status: number;
  /** A JSON value, or JsonText; null: none. */
  readonly body: unknown;
}

export interface Route {
  readonly method: Method;
  /** Parts that begin with a colon stand for anything. */
  readonly path: string;
  /** Its body holds many of what others hold one of: over a network it may be larger. */
  readonly isBatch?: true;
  /** Rejects with HttpError for a refusal; anything else is trouble of the relay's own. */
  handle(request: RelayRequest): Promise<RelayReply>;
}

export function ok(body: unknown): RelayReply {
  return { status: 200, body };
}

export const NO_CONTENT: RelayReply = { status: 204, body: null };

/** The `:id` of the route's path. */
export function idIn(request: RelayRequest): string {
  return request.params.id ?? "";
}

/** What the client reads of a refusal. */
export function refusalBody({ message, code, details }: HttpError): Record<string, string> {
  return { error: message, ...(code && { code }), ...details };
}
