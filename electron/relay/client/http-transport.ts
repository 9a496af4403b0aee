import { Pool } from "undici";
import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Signer, signedHeaders } from "../signing.ts";
import type { PutOutcome, RelayListener, RelayTransport } from "../transport.ts";
import {
  type ContactRow,
  contactRow,
  type LibsignalBundle,
  type LibsignalUpload,
  libsignalBundle,
  type RelayEnvelope,
  relayEnvelope,
} from "../wire.ts";
import { DoorbellSocket } from "./doorbell-socket.ts";

const TIMEOUT_MS = 30_000;
const view = z.object({
  cryptoId: z.string().optional(),
  agentId: z.string().optional(),
  status: z.string(),
});
const views = z.array(view).nullish();

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The wire API over HTTP, raw-signed; a relay without our extension is spoken to one by one. */
export class HttpRelayTransport implements RelayTransport {
  readonly url: string;
  private readonly pool: Pool;
  private readonly prefix: string;
  private readonly signer: Signer;
  private readonly clock: Clock;
  private readonly doorbell: DoorbellSocket;
  private batches = true;

  constructor(url: string, signer: Signer, clock: Clock) {
    const base = new URL(url);
    this.url = url.replace(/\/+$/, "");
    // A path prefix of the base URL is not part of the signed URI.
    this.prefix = base.pathname.replace(/\/+$/, "");
    this.signer = signer;
    this.clock = clock;
    this.pool = new Pool(base.origin, {
      connections: 4,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connectTimeout: 10_000,
    });
    this.doorbell = new DoorbellSocket(this.url, signer, clock);
  }

  async put(envelopes: readonly RelayEnvelope[]): Promise<readonly PutOutcome[]> {
    if (envelopes.length > 1 && this.batches) {
      const answer = await this.send("POST", "/messages/batch", { envelopes });
      if (answer.status === 200) return batchOutcomes(envelopes, answer.body);
      if (answer.status !== 404 && answer.status !== 405) throw refused(answer);
      this.batches = false;
    }
    const outcomes: PutOutcome[] = [];
    for (const envelope of envelopes) {
      const answer = await this.send("PUT", "/messages", envelope);
      outcomes.push(outcome(envelope.id, answer.status, errorText(answer)));
      // The rest must not overtake one that has to wait.
      if (!outcomes.at(-1)?.accepted && !outcomes.at(-1)?.permanent) break;
    }
    return outcomes;
  }

  async list(limit: number): Promise<readonly RelayEnvelope[]> {
    const agent = encodeURIComponent(this.signer.address);
    const body = await this.expect("GET", `/messages?agentId=${agent}&limit=${limit}`);
    const { messages } = z.object({ messages: z.array(z.unknown()).nullish() }).parse(body);
    // One malformed envelope must not hide the others.
    return (messages ?? []).flatMap((one) => {
      const parsed = relayEnvelope.safeParse(one);
      return parsed.success ? [parsed.data] : [];
    });
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    if (ids.length > 1 && this.batches) {
      const answer = await this.send("POST", "/messages/ack", { ids });
      if (answer.status === 204) return;
      if (answer.status !== 404 && answer.status !== 405) throw refused(answer);
      this.batches = false;
    }
    const agent = encodeURIComponent(this.signer.address);
    for (const id of ids) {
      await this.expect("DELETE", `/messages/${encodeURIComponent(id)}?agentId=${agent}`);
    }
  }

  async publishBundle(bundle: LibsignalUpload): Promise<void> {
    await this.expect("PUT", `${this.keys(this.signer.address)}/libsignal`, bundle);
  }

  async bundleHealth(): Promise<{ preKeyCount: number; kyberPreKeyCount: number } | null> {
    const body = await this.expect("GET", `${this.keys(this.signer.address)}/health`);
    const counts = z.object({ preKeyCount: z.number(), kyberPreKeyCount: z.number() });
    return z.object({ libsignal: counts.nullish() }).parse(body).libsignal ?? null;
  }

  async fetchBundle(address: string): Promise<LibsignalBundle | null> {
    const answer = await this.send("GET", `${this.keys(address)}/bundle`);
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw refused(answer);
    return z.object({ libsignal: libsignalBundle.nullish() }).parse(answer.body).libsignal ?? null;
  }

  async requestContact(cryptoId: string): Promise<ContactRow> {
    return contactRow.parse(await this.expect("POST", `/contacts/${cryptoId}`));
  }

  async acceptContact(cryptoId: string): Promise<ContactRow> {
    return contactRow.parse(await this.expect("POST", `/contacts/${cryptoId}/accept`));
  }

  async contacts(): Promise<readonly { agentId: string; status: string }[]> {
    const body = await this.expect("GET", "/contacts");
    return idsOf(z.object({ contacts: views }).parse(body).contacts);
  }

  async contactRequests() {
    const body = await this.expect("GET", "/contacts/requests");
    const { incoming, outgoing } = z.object({ incoming: views, outgoing: views }).parse(body);
    const plain = (list: z.infer<typeof views>) => idsOf(list).map(({ agentId }) => ({ agentId }));
    return { incoming: plain(incoming), outgoing: plain(outgoing) };
  }

  open(listener: RelayListener): void {
    this.doorbell.open(listener);
  }

  async close(): Promise<void> {
    this.doorbell.close();
    await this.pool.destroy();
  }

  private keys(address: string): string {
    return `/keys/${encodeURIComponent(address)}`;
  }

  private async expect(method: string, uri: string, body?: unknown): Promise<unknown> {
    const answer = await this.send(method, uri, body);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw refused(answer);
  }

  private async send(method: string, uri: string, body?: unknown): Promise<Answer> {
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
      const response = await this.pool.request({
        method: method as "GET",
        path,
        headers,
        body: bytes,
      });
      const text = await response.body.text();
      return { status: response.statusCode, body: text === "" ? null : readJson(text) };
    } catch (cause) {
      throw new TinyplaceError(
        "relay_unreachable",
        `The relay ${this.url} does not answer.`,
        "Messages wait and go out when it answers again. If it is your own relay, check that it runs.",
        { cause },
      );
    }
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function idsOf(list: z.infer<typeof views>): { agentId: string; status: string }[] {
  return (list ?? []).flatMap((one) => {
    const agentId = one.agentId ?? one.cryptoId;
    return agentId ? [{ agentId, status: one.status }] : [];
  });
}

function outcome(id: string, status: number, error: string): PutOutcome {
  if (status >= 200 && status < 300) return { id, accepted: true, permanent: false, error: "" };
  const permanent = [400, 404, 413].includes(status);
  return { id, accepted: false, error: error || `the relay answered ${status}`, permanent };
}

function batchOutcomes(envelopes: readonly RelayEnvelope[], body: unknown): PutOutcome[] {
  const result = z.object({ id: z.string(), status: z.number(), error: z.string().optional() });
  const { results } = z.object({ results: z.array(result) }).parse(body);
  return envelopes.map((envelope) => {
    const one = results.find((candidate) => candidate.id === envelope.id);
    return outcome(envelope.id, one?.status ?? 500, one?.error ?? "");
  });
}

function errorText(answer: Answer): string {
  const parsed = z.object({ error: z.string() }).safeParse(answer.body);
  return parsed.success ? parsed.data.error.slice(0, 200) : "";
}

function refused(answer: Answer): TinyplaceError {
  const text = errorText(answer);
  return new TinyplaceError(
    text === "not_a_contact" ? "contact_required" : "relay_refused",
    `The relay refused (${answer.status}${text ? `: ${text}` : ""}).`,
    answer.status === 401
      ? "Check this machine's clock; requests are signed with the time."
      : "Check the address you named, then try again.",
  );
}
