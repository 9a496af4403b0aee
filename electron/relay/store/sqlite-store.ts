import { failpoint } from "../../platform/failpoints.ts";
import { GroupCommit } from "../../vault/group-commit.ts";
import { claimOwnerEpoch } from "../../vault/owner-epoch.ts";
import { type Database, makeDurable, openSqlite } from "../../vault/sqlite.ts";
import type { AgentCard, LibsignalUpload, MailboxLease, SdkKey } from "../wire.ts";
import { PutOrder } from "./put-order.ts";
import type { Bounds } from "./sender-share.ts";
import * as contacts from "./sqlite/contact-table.ts";
import * as directory from "./sqlite/directory-table.ts";
import * as envelopes from "./sqlite/envelope-table.ts";
import * as keys from "./sqlite/key-table.ts";
import * as leases from "./sqlite/lease-table.ts";
import { migrate } from "./sqlite/schema.ts";
import { ShareCounts } from "./sqlite/share-counts.ts";
import { Sql } from "./sqlite/sql.ts";
import {
  type ClaimOutcome,
  type ContactEdge,
  DEFAULT_LIMITS,
  type Delivery,
  type HandleRow,
  type KeyHealth,
  type RelayStore,
  type RoomRule,
  type StoredOutcome,
  type StoredPage,
  type StoreLimits,
  type TakenBundle,
} from "./store.ts";

/** KiB of pages that a relay keeps which runs alone. */
const ALONE_KIB = 4000;

export interface SqliteStoreOptions extends StoreLimits {
  /** The owner of the data folder; a later one refuses this one's writes (rule L1). */
  readonly ownerEpoch?: number;
  /** Told once when what is read is not what SQLite wrote. */
  readonly damaged?: () => void;
}

/**
 * The relay's data in one SQLite file. It holds ciphertext and public keys only. Changes of one turn
 * of the event loop share a commit; each is undone alone when it throws.
 */
export class SqliteRelayStore implements RelayStore {
  readonly fleet = null;
  private readonly db: Database;
  private readonly sql: Sql;
  private readonly shares: ShareCounts;
  private readonly commits: GroupCommit;
  private readonly bounds: Bounds;
  private readonly handleLimit: number;
  private readonly retentionMs: number;
  private writesFailed = false;

  /**
   * @param options.ownerEpoch of the process that owns the data folder; once a later owner opened the
   * file, changes by this one are refused (rule L1). A relay that runs alone has none.
   */
  constructor(path: string, options: SqliteStoreOptions = {}) {
    this.bounds = {
      limit: options.mailboxLimit ?? DEFAULT_LIMITS.mailboxLimit,
      size: options.mailboxSize ?? DEFAULT_LIMITS.mailboxSize,
    };
    this.handleLimit = options.handleLimit ?? DEFAULT_LIMITS.handleLimit;
    this.retentionMs = options.retentionMs ?? DEFAULT_LIMITS.retentionMs;
    // A relay that runs alone has many mailboxes and a machine for itself.
    this.db = openSqlite(path, options.ownerEpoch === undefined ? { cacheKib: ALONE_KIB } : {});
    let guard: (() => void) | null = null;
    try {
      makeDurable(this.db);
      migrate(this.db);
      if (options.ownerEpoch !== undefined) guard = claimOwnerEpoch(this.db, options.ownerEpoch);
    } catch (error) {
      this.db.close();
      throw error;
    }
    this.sql = new Sql(this.db, options.damaged);
    this.shares = new ShareCounts(this.sql);
    this.commits = new GroupCommit(this.db, {
      ...(guard && { before: guard }),
      after: (error) => {
        if (!error) return;
        this.writesFailed = true;
        this.shares.forgetAll();
      },
    });
  }

  async putEnvelopes(deliveries: readonly Delivery[], now: number): Promise<StoredOutcome[]> {
    const outcomes = await this.commits.write(() => {
      envelopes.forgetOld(this.sql, now);
      const { sql, shares, bounds } = this;
      if (this.retentionMs > 0) envelopes.dropOld(sql, shares, now - this.retentionMs, now);
      const order = new PutOrder();
      const stored = deliveries.map((one) => {
        const mustWait = order.mustWait(one);
        return order.noted(one, envelopes.putEnvelope(sql, shares, one, { bounds, now, mustWait }));
      });
      failpoint("relay-store.before-commit");
      return stored;
    });
    failpoint("relay-store.after-commit");
    return outcomes;
  }

  async envelopes(mailbox: string, page: { limit: number; maxSize: number }): Promise<StoredPage> {
    return envelopes.readEnvelopes(this.sql, mailbox, page);
  }

  async removeEnvelopes(mailbox: string, ids: readonly string[], now: number): Promise<void> {
    await this.commits.write(() => {
      for (const id of ids) envelopes.removeEnvelope(this.sql, mailbox, id, now);
      this.shares.forget(mailbox);
      failpoint("relay-delete.before-commit");
    });
    failpoint("relay-delete.after-commit");
  }

  async lease(mailbox: string): Promise<MailboxLease | null> {
    return leases.readLease(this.sql, mailbox);
  }

  takeLease(mailbox: string, lease: MailboxLease, force: boolean): Promise<MailboxLease> {
    return this.commits.write(() => leases.takeLease(this.sql, mailbox, lease, force));
  }

  publish(agent: string, upload: LibsignalUpload, now: number): Promise<void> {
    return this.commits.write(() => keys.writeLibsignal(this.sql, agent, upload, now));
  }

  publishSigned(agent: string, key: SdkKey, now: number): Promise<void> {
    return this.commits.write(() => keys.writeSdkSigned(this.sql, agent, key, now));
  }

  publishOneTime(agent: string, oneTime: readonly SdkKey[]): Promise<void> {
    return this.commits.write(() => keys.addSdkKeys(this.sql, agent, oneTime));
  }

  takeBundle(agent: string, { oneTime } = { oneTime: true }): Promise<TakenBundle | null> {
    return this.commits.write(() => keys.takeBundle(this.sql, agent, oneTime));
  }

  async capabilities(agent: string): Promise<readonly string[] | null> {
    return keys.readCapabilities(this.sql, agent);
  }

  async keyHealth(agent: string): Promise<KeyHealth> {
    return keys.readHealth(this.sql, agent);
  }

  async contact(a: string, b: string): Promise<ContactEdge | null> {
    return contacts.readContact(this.sql, a, b);
  }

  async contactsOf(agent: string): Promise<ContactEdge[]> {
    return contacts.readContactsOf(this.sql, agent);
  }

  changeContact(
    a: string,
    b: string,
    rule: (current: ContactEdge | null) => ContactEdge | null,
    requireRoom?: RoomRule,
  ): Promise<ContactEdge | null> {
    const edgesOf = (agent: string) => contacts.readContactsOf(this.sql, agent);
    return this.commits.write(() => {
      const current = contacts.readContact(this.sql, a, b);
      const next = rule(current);
      if (!current && next) requireRoom?.(next, edgesOf(a), edgesOf(b));
      contacts.writeContact(this.sql, a, b, next);
      return next;
    });
  }

  claimHandle(handle: string, agent: string, now: number): Promise<ClaimOutcome> {
    const claim = { handle, agent, claimedAt: now };
    return this.commits.write(() => directory.claimHandle(this.sql, claim, this.handleLimit));
  }

  releaseHandle(handle: string, agent: string): Promise<boolean> {
    return this.commits.write(() => directory.releaseHandle(this.sql, handle, agent));
  }

  async handle(handle: string): Promise<HandleRow | null> {
    return directory.readHandle(this.sql, handle);
  }

  async handlesOf(agent: string): Promise<HandleRow[]> {
    return directory.readHandlesOf(this.sql, agent);
  }

  putCard(agent: string, card: AgentCard | null): Promise<void> {
    return this.commits.write(() => directory.writeCard(this.sql, agent, card));
  }

  async card(agent: string): Promise<AgentCard | null> {
    return directory.readCard(this.sql, agent);
  }

  async cards(page: { limit: number; offset: number }): Promise<AgentCard[]> {
    return directory.readCards(this.sql, page);
  }

  async check(): Promise<void> {
    this.sql.get("SELECT 1 AS n");
  }

  /** Nothing that it read or wrote since it was opened gave reason to doubt the file. */
  get isSound(): boolean {
    return !this.writesFailed && !this.sql.isDamaged;
  }

  async close(): Promise<void> {
    this.commits.flush();
    this.db.close();
  }
}
