import { z } from "zod";
import { failpoint } from "../../platform/failpoints.ts";
import type { Signer } from "../signing.ts";
import type {
  KeyHealth,
  Lease,
  MailPage,
  PublishedBundle,
  PutOutcome,
  RelayListener,
  RelayTransport,
} from "../transport.ts";
import {
  type ContactRow,
  contactRow,
  type LibsignalUpload,
  libsignalBundle,
  type RelayEnvelope,
  type SdkKey,
  sdkBundle,
} from "../wire.ts";
import { DirectoryClient } from "./directory-client.ts";
import { mailPage } from "./mail-page.ts";
import { type Doorbell, expectAnswer, type RelayWire, readAnswer, refused } from "./relay-wire.ts";
import { isMissing, Sender } from "./sender.ts";

/** Ids in one acknowledgement, and rows in one page of contacts. */
const MAX_ACKNOWLEDGED = 500;
const PAGE = 200;
const MAX_PAGES = 100;

const anything = z.unknown();
const view = z.object({
  cryptoId: z.string().optional(),
  agentId: z.string().optional(),
  status: z.string(),
});
const views = z.array(view).nullish();
const health = z.object({
  libsignal: z.object({ preKeyCount: z.number(), kyberPreKeyCount: z.number() }).nullish(),
  signedPreKeyKeyId: z.string().nullish(),
  oneTimePreKeyCount: z.number().nullish(),
});
const bundleAnswer = z.object({
  libsignal: libsignalBundle.nullish(),
  signedPreKey: z.unknown().optional(),
});
/** One-time keys of the network's own cipher in one upload: the relay's bound. */
const MAX_UPLOADED = 200;

interface Contact {
  readonly agentId: string;
  readonly status: string;
}

/** Which installation this is, for relays that lease mailboxes (rule N5). */
export interface Installation {
  readonly id: string;
  /** The machine's name. */
  readonly host: string;
}

const leasedAnswer = z.object({ host: z.string().max(128), since: z.string().max(64) });

export interface RelayClientParts {
  readonly wire: RelayWire;
  readonly doorbell: Doorbell;
  /** The agent's two written forms. */
  readonly agent: Pick<Signer, "address" | "cryptoId">;
  readonly installation: Installation | null;
}

/** The wire API as one agent calls it; a relay without our extension is spoken to one by one. */
export class RelayClient implements RelayTransport {
  readonly url: string;
  private readonly wire: RelayWire;
  private readonly sender: Sender;
  private readonly directory: DirectoryClient;
  private readonly agent: RelayClientParts["agent"];
  private readonly doorbell: Doorbell;
  private readonly installation: Installation | null;
  private acknowledgesInBatches = true;
  private saysMore = false;

  constructor({ wire, doorbell, agent, installation }: RelayClientParts) {
    this.url = wire.url;
    this.wire = wire;
    this.doorbell = doorbell;
    this.agent = agent;
    this.installation = installation;
    this.sender = new Sender(wire);
    this.directory = new DirectoryClient(wire);
  }

  get rings(): boolean {
    return this.saysMore;
  }

  async put(envelopes: readonly RelayEnvelope[]): Promise<readonly PutOutcome[]> {
    failpoint("relay-put.before");
    const outcomes = await this.sender.put(envelopes);
    failpoint("relay-put.after");
    return outcomes;
  }

  async lease(take: boolean): Promise<Lease> {
    if (!this.installation) return { state: "unsupported" };
    const { id, host } = this.installation;
    const body = { installation: id, host, take };
    const answer = await this.wire.send("PUT", "/messages/lease", body);
    if (isMissing(answer)) return { state: "unsupported" };
    if (answer.status === 409) return { state: "elsewhere", ...readAnswer(leasedAnswer, answer) };
    if (answer.status !== 200) throw refused(answer);
    return { state: "held" };
  }

  async list(limit: number): Promise<MailPage> {
    const uri = `/messages?${this.drainQuery()}&limit=${limit}`;
    failpoint("relay-list.before");
    const { saysMore, ...page } = await expectAnswer(this.wire, mailPage, "GET", uri);
    failpoint("relay-list.after");
    this.saysMore = saysMore;
    return page;
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    const agentId = this.agent.address;
    failpoint("relay-acknowledge.before");
    for (let start = 0; start < ids.length; start += MAX_ACKNOWLEDGED) {
      const some = ids.slice(start, start + MAX_ACKNOWLEDGED);
      // Others may have stored an id that no URL can hold: alone, too, it goes in a body.
      const inBody = some.length > 1 || !some.every((id) => id.isWellFormed());
      if (inBody && this.acknowledgesInBatches) {
        const installation = this.installation ? { installation: this.installation.id } : {};
        const body = { agentId, ids: some, ...installation };
        const answer = await this.wire.send("POST", "/messages/ack", body);
        if (answer.status === 204) continue;
        if (!isMissing(answer)) throw refused(answer);
        this.acknowledgesInBatches = false;
      }
      for (const id of some) {
        const uri = `/messages/${encodeURIComponent(id.toWellFormed())}?${this.drainQuery()}`;
        await expectAnswer(this.wire, anything, "DELETE", uri);
      }
    }
    failpoint("relay-acknowledge.after");
  }

  async publishBundle(bundle: LibsignalUpload): Promise<boolean> {
    const answer = await this.wire.send("PUT", `${keys(this.agent.address)}/libsignal`, bundle);
    if (isMissing(answer)) return false;
    if (answer.status !== 204) throw refused(answer);
    return true;
  }

  async publishSdkKeys(signed: SdkKey, oneTime: readonly SdkKey[]): Promise<void> {
    const own = keys(this.agent.address);
    const identityKey = this.agent.address;
    const body = { identityKey, signedPreKey: signed };
    await expectAnswer(this.wire, anything, "PUT", `${own}/signed-prekey`, body);
    for (let start = 0; start < oneTime.length; start += MAX_UPLOADED) {
      const preKeys = oneTime.slice(start, start + MAX_UPLOADED);
      await expectAnswer(this.wire, anything, "PUT", `${own}/prekeys`, { identityKey, preKeys });
    }
  }

  async keyHealth(): Promise<KeyHealth> {
    const answer = await expectAnswer(
      this.wire,
      health,
      "GET",
      `${keys(this.agent.address)}/health`,
    );
    return {
      libsignal: answer.libsignal ?? null,
      sdk: {
        signedPreKeyId: answer.signedPreKeyKeyId ?? null,
        oneTimePreKeyCount: answer.oneTimePreKeyCount ?? 0,
      },
    };
  }

  async fetchBundle(address: string): Promise<PublishedBundle | null> {
    const answer = await this.wire.send("GET", `${keys(address)}/bundle`);
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw refused(answer);
    const { libsignal, signedPreKey } = readAnswer(bundleAnswer, answer);
    if (libsignal) {
      // A damaged key of the weaker cipher must not keep anybody from using the stronger one.
      return { libsignal, sdk: sdkBundle.safeParse(answer.body).data ?? null };
    }
    if (signedPreKey === undefined || signedPreKey === null) return null;
    return { libsignal: null, sdk: readAnswer(sdkBundle, answer) };
  }

  async capabilities(address: string): Promise<readonly string[] | null> {
    const answer = await this.wire.send("GET", `${keys(address)}/capabilities`);
    // A relay without our extension knows no such route, and no libsignal bundles either.
    if (isMissing(answer)) return null;
    if (answer.status !== 200) throw refused(answer);
    return readAnswer(z.object({ capabilities: z.array(z.string()) }), answer).capabilities;
  }

  requestContact(cryptoId: string): Promise<ContactRow> {
    return expectAnswer(this.wire, contactRow, "POST", `/contacts/${cryptoId}`);
  }

  acceptContact(cryptoId: string): Promise<ContactRow> {
    return expectAnswer(this.wire, contactRow, "POST", `/contacts/${cryptoId}/accept`);
  }

  async removeContact(cryptoId: string): Promise<void> {
    await expectAnswer(this.wire, anything, "DELETE", `/contacts/${cryptoId}`);
  }

  blockContact(cryptoId: string): Promise<ContactRow> {
    return expectAnswer(this.wire, contactRow, "POST", `/contacts/${cryptoId}/block`);
  }

  async contactStatus(cryptoId: string): Promise<string> {
    return (await expectAnswer(this.wire, view, "GET", `/contacts/${cryptoId}/status`)).status;
  }

  async contacts(): Promise<readonly Contact[]> {
    const all = new Map<string, Contact>();
    const shape = z.object({ contacts: views });
    await this.eachPage("/contacts", shape, ({ contacts }) => collect(all, contacts));
    return [...all.values()];
  }

  async contactRequests() {
    const [incoming, outgoing] = [new Map<string, Contact>(), new Map<string, Contact>()];
    const shape = z.object({ incoming: views, outgoing: views });
    await this.eachPage("/contacts/requests", shape, (page) => {
      const more = collect(incoming, page.incoming);
      return collect(outgoing, page.outgoing) || more;
    });
    const plain = (side: Map<string, Contact>) => [...side.keys()].map((agentId) => ({ agentId }));
    return { incoming: plain(incoming), outgoing: plain(outgoing) };
  }

  resolveHandle(handle: string): Promise<string | null> {
    return this.directory.resolve(handle);
  }

  handlesOf(cryptoId: string): Promise<readonly string[]> {
    return this.directory.handlesOf(cryptoId);
  }

  claimHandle(handle: string): Promise<void> {
    return this.directory.claim(handle);
  }

  async removeCard(): Promise<void> {
    const uri = `/directory/agents/${this.agent.cryptoId}`;
    const answer = await this.wire.send("DELETE", uri);
    if (answer.status !== 404 && answer.status >= 300) throw refused(answer);
  }

  releaseHandle(handle: string): Promise<void> {
    return this.directory.release(handle);
  }

  open(listener: RelayListener): void {
    this.doorbell.open(listener);
  }

  async close(): Promise<void> {
    this.doorbell.close();
    await this.wire.close();
  }

  private drainQuery(): string {
    const agent = `agentId=${encodeURIComponent(this.agent.address)}`;
    return this.installation ? `${agent}&installation=${this.installation.id}` : agent;
  }

  /** @param take says whether another page may bring more. */
  private async eachPage<T>(
    path: string,
    shape: z.ZodType<T>,
    take: (page: T) => boolean,
  ): Promise<void> {
    for (let page = 0; page < MAX_PAGES; page++) {
      const uri = `${path}?limit=${PAGE}&offset=${page * PAGE}`;
      if (!take(await expectAnswer(this.wire, shape, "GET", uri))) return;
    }
  }
}

/** False when the page was not full, or brought nothing new: some relays take no offset. */
function collect(found: Map<string, Contact>, rows: z.infer<typeof views>): boolean {
  const before = found.size;
  for (const { agentId, cryptoId, status } of rows ?? []) {
    const id = agentId ?? cryptoId;
    if (id) found.set(id, { agentId: id, status });
  }
  return (rows?.length ?? 0) >= PAGE && found.size > before;
}

function keys(address: string): string {
  return `/keys/${encodeURIComponent(address)}`;
}
