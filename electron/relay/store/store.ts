import type {
  AgentCard,
  ContactRow,
  LibsignalBundle,
  LibsignalUpload,
  MailboxLease,
  RelayEnvelope,
  Ring,
  SdkKey,
} from "../wire.ts";

/** How long a deleted envelope's id is remembered (rule D2), in ms. */
export const TOMBSTONE_MS = 8 * 24 * 3600 * 1000;
/** How long relays of one fleet remember a nonce, in ms: longer than a request is fresh, both ways. */
export const NONCE_MEMORY_MS = 11 * 60 * 1000;
/** One-time keys kept per agent and kind; beyond it the oldest make room. */
export const MAX_ONE_TIME_KEYS = 1000;

export interface StoreLimits {
  /** Envelopes in one mailbox. Default 10,000. */
  readonly mailboxLimit?: number;
  /** Characters of envelope JSON in one mailbox. Default 256 Mi. */
  readonly mailboxSize?: number;
  /** Handles of one agent. Default 5: a name is first come, first served, and not for hoarding. */
  readonly handleLimit?: number;
  /** Mail that nobody fetched for so long is dropped, in ms. Default 0: it is kept for ever. */
  readonly retentionMs?: number;
}

export const DEFAULT_LIMITS = {
  mailboxLimit: 10_000,
  mailboxSize: 256 * 1024 * 1024,
  handleLimit: 5,
  retentionMs: 0,
};

/** One envelope on its way into a mailbox; both ends as cryptoIds. */
export interface Delivery {
  readonly mailbox: string;
  readonly sender: string;
  readonly envelope: RelayEnvelope;
}

/** The beginning of a mailbox, as JSON texts, oldest first. */
export interface StoredPage {
  readonly texts: readonly string[];
  /** It ends where it does because the next would have exceeded its size. */
  readonly isCut: boolean;
}

/** `known`: this (mailbox, sender, id) is stored, or was deleted within the last 8 days. */
export type StoredOutcome = "stored" | "known" | "full";

/** What a peer is given to start a session; null for the cipher nothing was published for. */
export interface TakenBundle {
  readonly sdk: { readonly signedPreKey: SdkKey; readonly oneTimePreKey: SdkKey | null } | null;
  readonly libsignal: LibsignalBundle | null;
  readonly updatedAt: number;
}

export interface KeyHealth {
  readonly sdk: {
    readonly signedPreKeyId: string | null;
    readonly signedAt: number | null;
    readonly oneTimePreKeyCount: number;
  };
  readonly libsignal: { readonly preKeyCount: number; readonly kyberPreKeyCount: number } | null;
  /** 0: nothing was published. */
  readonly updatedAt: number;
}

/** A contact as kept: `blockers` are those of the two who block the other. */
export type ContactEdge = ContactRow & { readonly blockers?: readonly string[] };

/** Throws where `edge` must not be made, for all that the two have, named as in `changeContact`. */
export type RoomRule = (
  edge: ContactEdge,
  edgesOfA: readonly ContactEdge[],
  edgesOfB: readonly ContactEdge[],
) => void;

/** A name and the agent it stands for; `claimedAt` in ms. */
export interface HandleRow {
  readonly handle: string;
  readonly agent: string;
  readonly claimedAt: number;
}

/** `taken`: it is another agent's. `limit`: the agent has as many as it may have. */
export type ClaimOutcome = HandleRow | "taken" | "limit";

/** What relay processes over one store tell each other, beyond what is kept. */
export interface Fleet {
  /** False when any of them took this nonce of this agent before. */
  takeNonce(agent: string, nonce: string): Promise<boolean>;
  /** Rings the agent's doorbells, wherever they are. */
  ring(agent: string, ring: Ring): void;
  /**
   * Hears the agent's rings until the returned function is called; null when some may have been
   * missed. One follower per agent.
   */
  follow(agent: string, rung: (ring: Ring | null) => void): () => void;
}

/**
 * What the relay keeps. Identities are cryptoIds here, so that both written forms of a key meet in
 * one row. Times are ms since the epoch. Every promise of a change resolves after it is on disk.
 */
export interface RelayStore {
  /** Null: one process has this store to itself. */
  readonly fleet: Fleet | null;
  /**
   * Stores all in one transaction; outcomes in the order of the deliveries. After a `full` whatever the
   * same sender puts into the same mailbox is `full`, too, but for what is `known`.
   */
  putEnvelopes(deliveries: readonly Delivery[], now: number): Promise<readonly StoredOutcome[]>;
  /** Ends early, but never empty, where the texts exceed `maxSize` characters. */
  envelopes(mailbox: string, page: { limit: number; maxSize: number }): Promise<StoredPage>;
  /** Deletes, and keeps the ids for de-duplication. */
  removeEnvelopes(mailbox: string, ids: readonly string[], now: number): Promise<void>;
  /** Null: the mailbox is open to whoever holds its key. */
  lease(mailbox: string): Promise<MailboxLease | null>;
  /** Takes the lease when nobody else holds it, or when `force`d; the one that stands then. */
  takeLease(mailbox: string, lease: MailboxLease, force: boolean): Promise<MailboxLease>;
  /** Replaces signed and last-resort keys, appends one-time keys. */
  publish(agent: string, upload: LibsignalUpload, now: number): Promise<void>;
  publishSigned(agent: string, key: SdkKey, now: number): Promise<void>;
  /** Appends; a repeated key id replaces the queued one. */
  publishOneTime(agent: string, keys: readonly SdkKey[]): Promise<void>;
  /**
   * Takes one one-time key of each kind with it, unless told not to; each is served once. Null:
   * nothing published.
   */
  takeBundle(agent: string, options?: { oneTime: boolean }): Promise<TakenBundle | null>;
  /** Of the published libsignal bundle; null when there is none. */
  capabilities(agent: string): Promise<readonly string[] | null>;
  keyHealth(agent: string): Promise<KeyHealth>;
  contact(a: string, b: string): Promise<ContactEdge | null>;
  contactsOf(agent: string): Promise<ContactEdge[]>;
  /**
   * Replaces what stands between two agents by what `rule` makes of it, null meaning nothing; no
   * other change comes between. `rule` may run more than once, and what it throws is thrown.
   * @param requireRoom asked where an edge is made out of nothing, within the change; in a fleet just
   * before it, so that changes of the same moment do not see each other
   */
  changeContact(
    a: string,
    b: string,
    rule: (current: ContactEdge | null) => ContactEdge | null,
    requireRoom?: RoomRule,
  ): Promise<ContactEdge | null>;
  /** Gives a free handle to the agent, once: claiming one's own again changes nothing. */
  claimHandle(handle: string, agent: string, now: number): Promise<ClaimOutcome>;
  /** False when the handle is not the agent's. */
  releaseHandle(handle: string, agent: string): Promise<boolean>;
  handle(handle: string): Promise<HandleRow | null>;
  /** Oldest first. */
  handlesOf(agent: string): Promise<HandleRow[]>;
  /** Null removes. */
  putCard(agent: string, card: AgentCard | null): Promise<void>;
  card(agent: string): Promise<AgentCard | null>;
  /** In the order of their agents' cryptoIds. */
  cards(page: { limit: number; offset: number }): Promise<AgentCard[]>;
  /** Rejects when it can answer nothing now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
