import type { AgentCard, LibsignalUpload, MailboxLease, SdkKey } from "../wire.ts";
import { PutOrder } from "./put-order.ts";
import { type Bounds, senderShare } from "./sender-share.ts";
import {
  type ClaimOutcome,
  type ContactEdge,
  DEFAULT_LIMITS,
  type Delivery,
  type HandleRow,
  type KeyHealth,
  MAX_ONE_TIME_KEYS,
  type RelayStore,
  type RoomRule,
  type StoredOutcome,
  type StoredPage,
  type StoreLimits,
  type TakenBundle,
  TOMBSTONE_MS,
} from "./store.ts";

interface Item {
  readonly sender: string;
  readonly id: string;
  readonly json: string;
  readonly at: number;
}

interface Mailbox {
  readonly items: Item[];
  size: number;
}

interface Published<T> {
  readonly value: T;
  readonly at: number;
}

/** The store without a disk, for tests and for relays that may forget: same answers, same bounds. */
export class MemoryRelayStore implements RelayStore {
  readonly fleet = null;
  private readonly bounds: Bounds;
  private readonly handleLimit: number;
  private readonly retentionMs: number;
  private readonly mailboxes = new Map<string, Mailbox>();
  /** (mailbox, sender, id) to the time it may be forgotten; infinite while it is stored. */
  private readonly known = new Map<string, number>();
  private readonly bundles = new Map<string, Published<LibsignalUpload>>();
  private readonly signed = new Map<string, Published<SdkKey>>();
  private readonly oneTime = new Map<string, Map<number | string, unknown>>();
  private readonly leases = new Map<string, MailboxLease>();
  private readonly edges = new Map<string, ContactEdge>();
  private readonly handles = new Map<string, HandleRow>();
  private readonly cardOf = new Map<string, AgentCard>();

  constructor(options: StoreLimits = {}) {
    this.bounds = {
      limit: options.mailboxLimit ?? DEFAULT_LIMITS.mailboxLimit,
      size: options.mailboxSize ?? DEFAULT_LIMITS.mailboxSize,
    };
    this.handleLimit = options.handleLimit ?? DEFAULT_LIMITS.handleLimit;
    this.retentionMs = options.retentionMs ?? DEFAULT_LIMITS.retentionMs;
  }

  async putEnvelopes(deliveries: readonly Delivery[], now: number): Promise<StoredOutcome[]> {
    if (this.retentionMs > 0) this.dropOld(now);
    const order = new PutOrder();
    return deliveries.map((one) => order.noted(one, this.putOne(one, now, order.mustWait(one))));
  }

  async envelopes(mailbox: string, page: { limit: number; maxSize: number }): Promise<StoredPage> {
    const texts: string[] = [];
    let size = 0;
    for (const { json } of this.mailboxes.get(mailbox)?.items ?? []) {
      if (texts.length === page.limit) break;
      size += json.length;
      if (texts.length > 0 && size > page.maxSize) return { texts, isCut: true };
      texts.push(json);
    }
    return { texts, isCut: false };
  }

  async removeEnvelopes(mailbox: string, ids: readonly string[], now: number): Promise<void> {
    const box = this.mailboxes.get(mailbox);
    if (!box) return;
    for (const id of ids) {
      for (let index = box.items.length - 1; index >= 0; index--) {
        const item = box.items[index];
        if (item?.id !== id) continue;
        this.removeAt(mailbox, box, index, now);
      }
    }
  }

  async lease(mailbox: string): Promise<MailboxLease | null> {
    return this.leases.get(mailbox) ?? null;
  }

  async takeLease(mailbox: string, lease: MailboxLease, force: boolean): Promise<MailboxLease> {
    const held = this.leases.get(mailbox);
    if (held && (held.installation === lease.installation || !force)) return held;
    this.leases.set(mailbox, lease);
    return lease;
  }

  async publish(agent: string, upload: LibsignalUpload, now: number): Promise<void> {
    const before = this.bundles.get(agent)?.value;
    if (
      before &&
      (before.registrationId !== upload.registrationId || before.identityKey !== upload.identityKey)
    ) {
      this.oneTime.delete(keyOf(agent, "ec"));
      this.oneTime.delete(keyOf(agent, "kyber"));
      this.oneTime.delete(keyOf(agent, "sdk"));
    }
    this.bundles.set(agent, { value: upload, at: now });
    for (const key of upload.preKeys) this.addKey(agent, "ec", key.id, key);
    for (const key of upload.kyberPreKeys) this.addKey(agent, "kyber", key.id, key);
  }

  async publishSigned(agent: string, key: SdkKey, now: number): Promise<void> {
    this.signed.set(agent, { value: key, at: now });
  }

  async publishOneTime(agent: string, keys: readonly SdkKey[]): Promise<void> {
    for (const key of keys) this.addKey(agent, "sdk", key.keyId, key);
  }

  async takeBundle(agent: string, { oneTime } = { oneTime: true }): Promise<TakenBundle | null> {
    const take = <T>(kind: string) => (oneTime ? this.takeKey<T>(agent, kind) : null);
    const bundle = this.bundles.get(agent);
    const signed = this.signed.get(agent);
    if (!bundle && !signed) return null;
    const updatedAt = Math.max(bundle?.at ?? 0, signed?.at ?? 0);
    const sdk = signed && {
      signedPreKey: signed.value,
      oneTimePreKey: take<SdkKey>("sdk"),
    };
    if (!bundle) return { sdk: sdk ?? null, libsignal: null, updatedAt };
    const { preKeys: _ec, kyberPreKeys: _kyber, kyberLastResort, ...rest } = bundle.value;
    const libsignal = {
      ...rest,
      preKey: take<LibsignalUpload["preKeys"][number]>("ec"),
      kyberPreKey: take<typeof kyberLastResort>("kyber") ?? kyberLastResort,
    };
    return { sdk: sdk ?? null, libsignal, updatedAt };
  }

  async capabilities(agent: string): Promise<readonly string[] | null> {
    return this.bundles.get(agent)?.value.capabilities ?? null;
  }

  async keyHealth(agent: string): Promise<KeyHealth> {
    const bundle = this.bundles.get(agent);
    const signed = this.signed.get(agent);
    const count = (kind: string) => this.oneTime.get(keyOf(agent, kind))?.size ?? 0;
    return {
      sdk: {
        signedPreKeyId: signed?.value.keyId ?? null,
        signedAt: signed?.at ?? null,
        oneTimePreKeyCount: count("sdk"),
      },
      libsignal: bundle ? { preKeyCount: count("ec"), kyberPreKeyCount: count("kyber") } : null,
      updatedAt: Math.max(bundle?.at ?? 0, signed?.at ?? 0),
    };
  }

  async contact(a: string, b: string): Promise<ContactEdge | null> {
    return this.edges.get(pairKey(a, b)) ?? null;
  }

  async contactsOf(agent: string): Promise<ContactEdge[]> {
    return this.edgesOf(agent);
  }

  async changeContact(
    a: string,
    b: string,
    rule: (current: ContactEdge | null) => ContactEdge | null,
    requireRoom?: RoomRule,
  ): Promise<ContactEdge | null> {
    const key = pairKey(a, b);
    const current = this.edges.get(key) ?? null;
    const next = rule(current);
    if (!current && next) requireRoom?.(next, this.edgesOf(a), this.edgesOf(b));
    if (next) this.edges.set(key, next);
    else this.edges.delete(key);
    return next;
  }

  async claimHandle(handle: string, agent: string, now: number): Promise<ClaimOutcome> {
    const current = this.handles.get(handle);
    if (current) return current.agent === agent ? current : "taken";
    const own = [...this.handles.values()].filter((row) => row.agent === agent);
    if (own.length >= this.handleLimit) return "limit";
    const claim = { handle, agent, claimedAt: now };
    this.handles.set(handle, claim);
    return claim;
  }

  async releaseHandle(handle: string, agent: string): Promise<boolean> {
    return this.handles.get(handle)?.agent === agent && this.handles.delete(handle);
  }

  async handle(handle: string): Promise<HandleRow | null> {
    return this.handles.get(handle) ?? null;
  }

  async handlesOf(agent: string): Promise<HandleRow[]> {
    return [...this.handles.values()]
      .filter((row) => row.agent === agent)
      .sort((a, b) => a.claimedAt - b.claimedAt || (a.handle < b.handle ? -1 : 1));
  }

  async putCard(agent: string, card: AgentCard | null): Promise<void> {
    if (card) this.cardOf.set(agent, card);
    else this.cardOf.delete(agent);
  }

  async card(agent: string): Promise<AgentCard | null> {
    return this.cardOf.get(agent) ?? null;
  }

  async cards(page: { limit: number; offset: number }): Promise<AgentCard[]> {
    return [...this.cardOf]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(page.offset, page.offset + page.limit)
      .map(([, card]) => card);
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  private edgesOf(agent: string): ContactEdge[] {
    return [...this.edges]
      .filter(([, edge]) => edge.requester === agent || edge.addressee === agent)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, edge]) => edge);
  }

  private removeAt(mailbox: string, box: Mailbox, index: number, now: number): void {
    const [item] = box.items.splice(index, 1);
    if (!item) return;
    box.size -= item.json.length;
    this.known.set(keyOf(mailbox, item.sender, item.id), now + TOMBSTONE_MS);
  }

  private dropOld(now: number): void {
    for (const [mailbox, box] of this.mailboxes) {
      while (box.items[0] && box.items[0].at <= now - this.retentionMs) {
        this.removeAt(mailbox, box, 0, now);
      }
    }
  }

  private putOne(
    { mailbox, sender, envelope }: Delivery,
    now: number,
    mustWait: boolean,
  ): StoredOutcome {
    const key = keyOf(mailbox, sender, envelope.id);
    const forgetAt = this.known.get(key);
    if (forgetAt !== undefined && forgetAt > now) return "known";
    if (mustWait) return "full";
    const box = this.mailboxes.get(mailbox) ?? { items: [], size: 0 };
    const json = JSON.stringify(envelope);
    const { limit, size } = this.bounds;
    if (box.items.length >= limit || box.size + json.length > size) return "full";
    const own = box.items.filter((item) => item.sender === sender);
    const ownSize = own.reduce((sum, item) => sum + item.json.length, json.length);
    const share = senderShare(this.bounds);
    if (own.length >= share.limit || ownSize > share.size) return "full";
    this.mailboxes.set(mailbox, box);
    box.items.push({ sender, id: envelope.id, json, at: now });
    box.size += json.length;
    this.known.set(key, Number.POSITIVE_INFINITY);
    return "stored";
  }

  private addKey(agent: string, kind: string, id: number | string, key: unknown): void {
    const name = keyOf(agent, kind);
    const queue = this.oneTime.get(name) ?? new Map<number | string, unknown>();
    this.oneTime.set(name, queue.set(id, key));
    if (queue.size > MAX_ONE_TIME_KEYS) queue.delete(queue.keys().next().value as number | string);
  }

  private takeKey<T>(agent: string, kind: string): T | null {
    const queue = this.oneTime.get(keyOf(agent, kind));
    const first = queue?.entries().next().value;
    if (!queue || !first) return null;
    queue.delete(first[0]);
    return first[1] as T;
  }
}

/** Parts hold no newline: cryptoIds and kinds never, and an envelope id stands last. */
function keyOf(...parts: string[]): string {
  return parts.join("\n");
}

function pairKey(a: string, b: string): string {
  return a < b ? keyOf(a, b) : keyOf(b, a);
}
