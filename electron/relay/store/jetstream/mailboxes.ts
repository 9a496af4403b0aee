import { createHash } from "node:crypto";
import type { StoredMsg } from "@nats-io/jetstream";
import { PutOrder } from "../put-order.ts";
import { type Bounds, senderShare } from "../sender-share.ts";
import {
  DEFAULT_LIMITS,
  type Delivery,
  type StoredOutcome,
  type StoredPage,
  type StoreLimits,
  TOMBSTONE_MS,
} from "../store.ts";
import { type Cluster, nanoseconds, partitionOf } from "./cluster.ts";
import { FillLevels } from "./fill-levels.ts";
import type { Records } from "./records.ts";
import { isConflict, isGone, reliably } from "./reliably.ts";

/** A repeated publish within this time is the cluster's to recognise; later, the subject's. */
const DUPLICATE_WINDOW_MS = 2 * 60_000;
/** Deletions under way at once for one call. */
const AT_ONCE = 32;

interface Tombstone {
  readonly forgetAt: number;
}

interface Place {
  readonly stream: string;
  readonly prefix: string;
  /** Every subject of the mailbox. */
  readonly all: string;
}

interface MailboxOptions extends StoreLimits {
  readonly partitions: number;
}

/**
 * Mailboxes in a fixed set of streams, chosen by the owner's cryptoId. Every envelope has a subject
 * of its own, `<fleet>.mail.<partition>.<mailbox>.<id>.<sender>`, which may be published to only
 * while nothing is there: that, and a tombstone after its deletion, is the de-duplication (rule D2).
 */
export class Mailboxes {
  private readonly cluster: Cluster;
  private readonly options: MailboxOptions;
  private readonly tombstones: (mailbox: string) => Records;
  private readonly levels: FillLevels;
  private readonly bounds: Bounds;

  /** @param tombstones where those of a mailbox are */
  constructor(cluster: Cluster, options: MailboxOptions, tombstones: (mailbox: string) => Records) {
    this.cluster = cluster;
    this.options = options;
    this.tombstones = tombstones;
    this.levels = new FillLevels(cluster);
    this.bounds = {
      limit: options.mailboxLimit ?? DEFAULT_LIMITS.mailboxLimit,
      size: options.mailboxSize ?? DEFAULT_LIMITS.mailboxSize,
    };
  }

  /** Makes the streams where they are missing. */
  static async prepare(cluster: Cluster, options: MailboxOptions): Promise<void> {
    const retention = options.retentionMs ?? DEFAULT_LIMITS.retentionMs;
    const settings = {
      max_age: nanoseconds(retention),
      // A window longer than anything is kept is refused.
      duplicate_window: nanoseconds(Math.min(DUPLICATE_WINDOW_MS, retention || Infinity)),
    };
    await Promise.all(
      Array.from({ length: options.partitions }, (_, part) =>
        cluster.stream(cluster.name("mail", part), {
          ...settings,
          subjects: [cluster.subject("mail", part, "*", "*", "*")],
        }),
      ),
    );
  }

  /** Those of one mailbox one after another: what came first is never behind what came later. */
  async put(deliveries: readonly Delivery[], now: number): Promise<StoredOutcome[]> {
    const outcomes: StoredOutcome[] = [];
    const order = new PutOrder();
    const mailboxes = [...new Set(deliveries.map((one) => one.mailbox))];
    await Promise.all(
      mailboxes.map(async (mailbox) => {
        for (const [index, delivery] of deliveries.entries()) {
          if (delivery.mailbox !== mailbox) continue;
          const outcome = await this.putOne(delivery, now, order.mustWait(delivery));
          outcomes[index] = order.noted(delivery, outcome);
        }
      }),
    );
    return outcomes;
  }

  async list(mailbox: string, page: { limit: number; maxSize: number }): Promise<StoredPage> {
    const { stream, all } = this.placeOf(mailbox);
    const texts: string[] = [];
    let size = 0;
    let sequence = 1;
    while (texts.length < page.limit) {
      const message = await this.cluster.next(stream, all, sequence);
      if (!message) break;
      const text = message.string();
      size += text.length;
      if (texts.length > 0 && size > page.maxSize) return { texts, isCut: true };
      texts.push(text);
      sequence = message.seq + 1;
    }
    return { texts, isCut: false };
  }

  async remove(mailbox: string, ids: readonly string[], now: number): Promise<void> {
    const waiting = [...new Set(ids)].values();
    const worker = async () => {
      for (const id of waiting) await this.removeOne(mailbox, id, now);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  private async putOne(delivery: Delivery, now: number, mustWait: boolean): Promise<StoredOutcome> {
    const { mailbox, sender, envelope } = delivery;
    const place = this.placeOf(mailbox);
    const key = `${mailbox}.${hashOf(envelope.id)}.${hashOf(sender)}`;
    const subject = `${place.prefix}.${key}`;
    const bytes = Buffer.from(JSON.stringify(envelope), "utf8");
    const [tombstone, giveBack] = await Promise.all([
      this.tombstones(mailbox).get<Tombstone>(key),
      mustWait ? null : this.takeRoom(place, subject, bytes.length),
    ]);
    if (tombstone && tombstone.forgetAt > now) {
      giveBack?.();
      return "known";
    }
    if (!giveBack) return (await this.cluster.last(place.stream, subject)) ? "known" : "full";
    const outcome = await this.publish(subject, bytes, tombstone?.forgetAt ?? 0).catch(
      (error: unknown) => {
        giveBack();
        throw error;
      },
    );
    if (outcome === "known") giveBack();
    return outcome;
  }

  /** Null: the mailbox has none, or this sender has had its share; else what undoes it. */
  private async takeRoom(
    place: Place,
    subject: string,
    size: number,
  ): Promise<(() => void) | null> {
    const { stream, all } = place;
    const level = await this.levels.take(stream, all, size, this.bounds);
    if (!level) return null;
    const share = senderShare(this.bounds);
    const beyond = level.envelopes > share.limit || level.size > share.size;
    const own = bySender(subject);
    if (beyond && !(await this.levels.take(stream, own, size, share))) {
      this.levels.change(all, -1, -size);
      return null;
    }
    return () => {
      this.levels.change(all, -1, -size);
      if (beyond) this.levels.change(own, -1, -size);
    };
  }

  /** @param forgotten of the tombstone before: what may come again is another publish */
  private publish(subject: string, bytes: Buffer, forgotten: number): Promise<StoredOutcome> {
    const msgID = `${subject}.${forgotten}`;
    return reliably(async (attempt) => {
      // After an attempt nobody answered, what is there may be that very one: then it is news.
      const there = attempt === 0 ? "known" : "stored";
      try {
        const expect = { lastSubjectSequence: 0 };
        const { duplicate } = await this.cluster.js.publish(subject, bytes, { msgID, expect });
        return duplicate ? there : "stored";
      } catch (error) {
        if (isConflict(error)) return there;
        throw error;
      }
    });
  }

  /** The tombstone first: at no moment is the envelope neither there nor remembered. */
  private async removeOne(mailbox: string, id: string, now: number): Promise<void> {
    const { stream, prefix, all } = this.placeOf(mailbox);
    const filter = `${prefix}.${mailbox}.${hashOf(id)}.*`;
    let message: StoredMsg | null = await this.cluster.next(stream, filter, 1);
    while (message) {
      const { subject, seq, data } = message;
      const key = subject.slice(prefix.length + 1);
      await this.tombstones(mailbox).put(key, { forgetAt: now + TOMBSTONE_MS });
      if (await this.delete(stream, seq)) {
        this.levels.change(all, -1, -data.length);
        this.levels.change(bySender(subject), -1, -data.length);
      }
      message = await this.cluster.next(stream, filter, seq + 1);
    }
  }

  private delete(stream: string, sequence: number): Promise<boolean> {
    return reliably(() =>
      this.cluster.manager.streams.deleteMessage(stream, sequence, false).catch((error) => {
        if (isGone(error)) return false;
        throw error;
      }),
    );
  }

  private placeOf(mailbox: string): Place {
    const part = partitionOf(mailbox, this.options.partitions);
    const prefix = this.cluster.subject("mail", part);
    return {
      stream: this.cluster.name("mail", part),
      prefix,
      all: `${prefix}.${mailbox}.*.*`,
    };
  }
}

/** Every subject of the same mailbox and sender. */
function bySender(subject: string): string {
  const parts = subject.split(".");
  parts[parts.length - 2] = "*";
  return parts.join(".");
}

/** An id as part of a subject: whatever it holds, short, and not to be made alike. */
function hashOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url").slice(0, 22);
}
