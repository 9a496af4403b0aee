import { type Signer, signedHeaders } from "../../electron/relay/signing.ts";

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

export async function reply(answer: Response): Promise<Reply> {
  const text = await answer.text();
  return {
    status: answer.status,
    body: text === "" ? {} : JSON.parse(text),
    headers: answer.headers,
  };
}

/** A signed call to a relay; `sent` replaces headers or the body after signing. */
export async function callRelay(
  relay: { url: string; now: number },
  signer: Signer,
  request: { method: string; uri: string; body?: unknown },
  sent: { headers?: Record<string, string>; body?: string; actor?: string } = {},
): Promise<Reply> {
  const { method, uri, body } = request;
  const text = typeof body === "string" ? body : body === undefined ? null : JSON.stringify(body);
  const bytes = text === null ? null : Buffer.from(text);
  const actor = sent.actor ?? signer.address;
  const headers = signedHeaders(signer, { method, uri, body: bytes, actor, now: relay.now });
  return reply(
    await fetch(relay.url + uri, {
      method,
      headers: { "content-type": "application/json", ...headers, ...sent.headers },
      body: sent.body ?? text,
    }),
  );
}
