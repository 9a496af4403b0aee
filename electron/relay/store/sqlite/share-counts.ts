import type { Sql } from "./sql.ts";

/** What a mailbox holds of one sender. */
interface Kept {
  envelopes: number;
  /** Bytes of their JSON; null: not counted. */
  size: number | null;
}

/** More mailboxes than are half full at once; beyond it all are counted anew. */
const MOST_MAILBOXES = 1000;

/**
 * What single senders have in mailboxes that are half full or more. Counting goes through all that is
 * kept of a sender, and through the ids of what was deleted; so it is done once, and once more after
 * something was taken out, and not for every envelope.
 */
export class ShareCounts {
  private readonly sql: Sql;
  private readonly counts = new Map<string, Map<string, Kept>>();

  constructor(sql: Sql) {
    this.sql = sql;
  }

  envelopes(mailbox: string, sender: string): number {
    return this.kept(mailbox, sender).envelopes;
  }

  size(mailbox: string, sender: string): number {
    const kept = this.kept(mailbox, sender);
    kept.size ??= this.count(
      "SELECT sum(octet_length(json)) AS n FROM envelope WHERE mailbox = ? AND sender = ?",
      [mailbox, sender],
    );
    return kept.size;
  }

  /** An envelope came; counts only where something was counted. */
  added(mailbox: string, sender: string, size: number): void {
    const kept = this.counts.get(mailbox)?.get(sender);
    if (!kept) return;
    kept.envelopes++;
    if (kept.size !== null) kept.size += size;
  }

  /** Something was taken out of it. */
  forget(mailbox: string): void {
    this.counts.delete(mailbox);
  }

  /** A change was undone. */
  forgetAll(): void {
    this.counts.clear();
  }

  private kept(mailbox: string, sender: string): Kept {
    const known = this.counts.get(mailbox)?.get(sender);
    if (known) return known;
    if (this.counts.size >= MOST_MAILBOXES) this.forgetAll();
    const envelopes = this.count(
      "SELECT count(*) AS n FROM known_envelope WHERE mailbox = ? AND sender = ? AND forget_at IS NULL",
      [mailbox, sender],
    );
    const kept = { envelopes, size: null };
    const senders = this.counts.get(mailbox) ?? new Map<string, Kept>();
    this.counts.set(mailbox, senders.set(sender, kept));
    return kept;
  }

  private count(text: string, of: readonly [string, string]): number {
    return this.sql.get<{ n: number | null }>(text, of)?.n ?? 0;
  }
}
