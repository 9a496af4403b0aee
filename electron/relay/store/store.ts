import type { ContactRow, LibsignalBundle, LibsignalUpload, RelayEnvelope } from "../wire.ts";

/**
 * What the relay keeps. Identities are cryptoIds here, so that both written forms of a key meet in
 * one row. Times are ms since the epoch. Every promise resolves after the change is on disk.
 */
export type StoredOutcome = "stored" | "known" | "full";

export interface RelayStore {
  /** `known`: this (mailbox, from, id) was stored within the last 8 days; nothing is stored twice. */
  putEnvelope(
    mailbox: string,
    from: string,
    envelope: RelayEnvelope,
    now: number,
  ): Promise<StoredOutcome>;
  envelopes(mailbox: string, limit: number): Promise<RelayEnvelope[]>;
  /** Deletes, and keeps the ids for de-duplication. */
  removeEnvelopes(mailbox: string, ids: readonly string[], now: number): Promise<void>;
  publish(agent: string, upload: LibsignalUpload): Promise<void>;
  /** Takes one one-time key of each kind with it; each is served once. */
  takeBundle(agent: string): Promise<LibsignalBundle | null>;
  keyCounts(agent: string): Promise<{ preKeyCount: number; kyberPreKeyCount: number } | null>;
  contact(a: string, b: string): Promise<ContactRow | null>;
  contactsOf(agent: string): Promise<ContactRow[]>;
  saveContact(row: ContactRow): Promise<void>;
  removeContact(a: string, b: string): Promise<void>;
  close(): Promise<void>;
}
