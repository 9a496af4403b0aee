import { setTimeout as pause } from "node:timers/promises";
import type { AgentCard, LibsignalUpload, MailboxLease, SdkKey } from "../../wire.ts";
import {
  type ClaimOutcome,
  type ContactEdge,
  DEFAULT_LIMITS,
  type Delivery,
  type Fleet,
  type HandleRow,
  type KeyHealth,
  NONCE_MEMORY_MS,
  type RelayStore,
  type RoomRule,
  type StoredOutcome,
  type StoredPage,
  type StoreLimits,
  type TakenBundle,
  TOMBSTONE_MS,
} from "../store.ts";
import type { NatsAddress } from "./address.ts";
import { Bundles } from "./bundles.ts";
import { Cluster, partitionOf } from "./cluster.ts";
import { Contacts } from "./contacts.ts";
import { Directory } from "./directory.ts";
import { JetStreamFleet } from "./jetstream-fleet.ts";
import { Mailboxes } from "./mailboxes.ts";
import { OneTimeKeys } from "./one-time-keys.ts";
import { Records } from "./records.ts";

/** How many streams share each kind of thing. Written down by the first relay of a fleet, and kept. */
interface Layout {
  readonly mail: number;
  readonly tombstones: number;
  readonly keys: number;
  readonly nonces: number;
}

const LAYOUT: Layout = { mail: 16, tombstones: 4, keys: 4, nonces: 4 };
/** Clocks of the cluster's nodes differ: what has to be remembered is so a little longer. */
const MARGIN_MS = 3600_000;
/** A cluster that is away has nothing to say at the end. */
const CLOSE_MS = 3_000;

export interface JetStreamStoreOptions extends StoreLimits {
  /** Used by the first relay of a fleet alone. */
  readonly layout?: Layout;
}

/**
 * The relay's data in a NATS cluster, for any number of relay processes (rule N3). Nothing is kept in
 * a process but how full mailboxes are, as far as it knows.
 */
export class JetStreamRelayStore implements RelayStore {
  readonly fleet: Fleet;
  private readonly cluster: Cluster;
  private readonly mailboxes: Mailboxes;
  private readonly bundles: Bundles;
  private readonly leases: Records;
  private readonly edges: Contacts;
  private readonly directory: Directory;

  private constructor(
    cluster: Cluster,
    parts: {
      fleet: Fleet;
      mailboxes: Mailboxes;
      bundles: Bundles;
      leases: Records;
      edges: Contacts;
      directory: Directory;
    },
  ) {
    this.cluster = cluster;
    this.fleet = parts.fleet;
    this.mailboxes = parts.mailboxes;
    this.bundles = parts.bundles;
    this.leases = parts.leases;
    this.edges = parts.edges;
    this.directory = parts.directory;
  }

  /** Connects, and makes what is not there yet. Rejects with TinyplaceError when there is no way in. */
  static async open(
    address: NatsAddress,
    options: JetStreamStoreOptions = {},
  ): Promise<JetStreamRelayStore> {
    const cluster = await Cluster.connect(address);
    try {
      return await JetStreamRelayStore.over(cluster, options);
    } catch (error) {
      await cluster.connection.close();
      throw error;
    }
  }

  private static async over(
    cluster: Cluster,
    options: JetStreamStoreOptions,
  ): Promise<JetStreamRelayStore> {
    const bucket = async (name: string, ttlMs = 0) =>
      new Records(await cluster.bucket(cluster.name(name), ttlMs));
    const fleetBucket = await bucket("fleet");
    const layout = await layoutOf(fleetBucket, options.layout ?? LAYOUT);
    const parted = async (name: string, count: number, ttlMs: number) => {
      const all = await Promise.all(
        Array.from({ length: count }, (_, part) => bucket(`${name}_${part}`, ttlMs)),
      );
      return (identity: string) => all[partitionOf(identity, count)] as Records;
    };
    const mail = { ...options, partitions: layout.mail };
    const [tombstones, nonces, queues, keys, leases, contacts, directory] = await Promise.all([
      parted("gone", layout.tombstones, TOMBSTONE_MS + MARGIN_MS),
      parted("nonces", layout.nonces, NONCE_MEMORY_MS),
      OneTimeKeys.open(cluster, layout.keys),
      bucket("keys"),
      bucket("leases"),
      bucket("contacts"),
      bucket("directory"),
      Mailboxes.prepare(cluster, mail),
    ]);
    return new JetStreamRelayStore(cluster, {
      fleet: new JetStreamFleet(cluster, nonces),
      mailboxes: new Mailboxes(cluster, mail, tombstones),
      bundles: new Bundles(keys, queues),
      leases,
      edges: new Contacts(contacts),
      directory: new Directory(directory, options.handleLimit ?? DEFAULT_LIMITS.handleLimit),
    });
  }

  putEnvelopes(deliveries: readonly Delivery[], now: number): Promise<StoredOutcome[]> {
    return this.mailboxes.put(deliveries, now);
  }

  envelopes(mailbox: string, page: { limit: number; maxSize: number }): Promise<StoredPage> {
    return this.mailboxes.list(mailbox, page);
  }

  removeEnvelopes(mailbox: string, ids: readonly string[], now: number): Promise<void> {
    return this.mailboxes.remove(mailbox, ids, now);
  }

  lease(mailbox: string): Promise<MailboxLease | null> {
    return this.leases.get(mailbox);
  }

  async takeLease(mailbox: string, lease: MailboxLease, force: boolean): Promise<MailboxLease> {
    const stands = await this.leases.change<MailboxLease>(mailbox, (held) =>
      held && (held.installation === lease.installation || !force) ? held : lease,
    );
    return stands ?? lease;
  }

  publish(agent: string, upload: LibsignalUpload, now: number): Promise<void> {
    return this.bundles.publish(agent, upload, now);
  }

  publishSigned(agent: string, key: SdkKey, now: number): Promise<void> {
    return this.bundles.publishSigned(agent, key, now);
  }

  publishOneTime(agent: string, keys: readonly SdkKey[]): Promise<void> {
    return this.bundles.publishOneTime(agent, keys);
  }

  takeBundle(agent: string, { oneTime } = { oneTime: true }): Promise<TakenBundle | null> {
    return this.bundles.takeBundle(agent, oneTime);
  }

  capabilities(agent: string): Promise<readonly string[] | null> {
    return this.bundles.capabilities(agent);
  }

  keyHealth(agent: string): Promise<KeyHealth> {
    return this.bundles.health(agent);
  }

  contact(a: string, b: string): Promise<ContactEdge | null> {
    return this.edges.contact(a, b);
  }

  contactsOf(agent: string): Promise<ContactEdge[]> {
    return this.edges.contactsOf(agent);
  }

  changeContact(
    a: string,
    b: string,
    rule: (current: ContactEdge | null) => ContactEdge | null,
    requireRoom?: RoomRule,
  ): Promise<ContactEdge | null> {
    return this.edges.change(a, b, rule, requireRoom);
  }

  claimHandle(handle: string, agent: string, now: number): Promise<ClaimOutcome> {
    return this.directory.claim(handle, agent, now);
  }

  releaseHandle(handle: string, agent: string): Promise<boolean> {
    return this.directory.release(handle, agent);
  }

  handle(handle: string): Promise<HandleRow | null> {
    return this.directory.handle(handle);
  }

  handlesOf(agent: string): Promise<HandleRow[]> {
    return this.directory.handlesOf(agent);
  }

  putCard(agent: string, card: AgentCard | null): Promise<void> {
    return this.directory.putCard(agent, card);
  }

  card(agent: string): Promise<AgentCard | null> {
    return this.directory.card(agent);
  }

  cards(page: { limit: number; offset: number }): Promise<AgentCard[]> {
    return this.directory.cards(page);
  }

  /** Asks once, and does not wait for another leader. */
  async check(): Promise<void> {
    await this.cluster.manager.streams.info(this.cluster.name("mail", 0));
  }

  /** Requests under way are answered first, where there is somebody to answer them. */
  async close(): Promise<void> {
    const { connection } = this.cluster;
    const enough = new AbortController();
    const waited = pause(CLOSE_MS, undefined, { signal: enough.signal });
    await Promise.race([connection.drain(), waited]).catch(() => undefined);
    enough.abort();
    await connection.close();
  }
}

/** Every relay of a fleet has to look for a mailbox in the same stream. */
async function layoutOf(records: Records, wanted: Layout): Promise<Layout> {
  await records.create("layout", wanted);
  return (await records.get<Layout>("layout")) ?? wanted;
}
