import type {
  ContactRow,
  LibsignalBundle,
  LibsignalUpload,
  RelayEnvelope,
  RungFor,
  SdkBundle,
  SdkKey,
} from "./wire.ts";

export type { RelayEnvelope };

/** What every refusal says that is about the time a request was signed with. */
export const CLOCK_IS_WRONG = "this machine's clock is wrong, or the relay's";

export type PutOutcome =
  | { readonly id: string; readonly accepted: true; readonly permanent: false; readonly error: "" }
  | {
      readonly id: string;
      readonly accepted: false;
      /** The relay's HTTP status; 0 when it was not asked, or did not answer. */
      readonly status: number;
      /** The relay's own words, e.g. `not_a_contact`. */
      readonly error: string;
      /** Trying again cannot help. */
      readonly permanent: boolean;
    };

/** Something in the mailbox that is no envelope; `json` as it came. */
export interface Malformed {
  readonly id: string;
  readonly from: string;
  readonly json: string;
}

/** The beginning of a mailbox, oldest first. */
export interface MailPage {
  readonly envelopes: readonly RelayEnvelope[];
  readonly malformed: readonly Malformed[];
  /** False when the relay knows that this is all: what comes later rings. */
  readonly more: boolean;
}

/** Whether this installation may drain the mailbox (rule N5). */
export type Lease =
  | { readonly state: "held" }
  | { readonly state: "elsewhere"; readonly host: string; readonly since: string }
  /** The relay knows no leases: nothing keeps a second installation from draining too. */
  | { readonly state: "unsupported" };

/** A peer's published keys, as the relay gives them: untrusted. At least one of the two is there. */
export interface PublishedBundle {
  readonly libsignal: LibsignalBundle | null;
  readonly sdk: SdkBundle | null;
}

/** What of our own keys the relay still holds. */
export interface KeyHealth {
  /** Null: nothing published yet. */
  readonly libsignal: { readonly preKeyCount: number; readonly kyberPreKeyCount: number } | null;
  readonly sdk: { readonly signedPreKeyId: string | null; readonly oneTimePreKeyCount: number };
}

export interface RelayListener {
  /**
   * Look now.
   * @param at what; null where the relay does not say: at everything
   * @param page what a look would find, where the relay brought it along
   */
  doorbell(at: RungFor | null, page?: MailPage): void;
  state(state: "connecting" | "online" | "offline", problem: string | null): void;
}

/**
 * One agent's way to its relay. Calls reject with `relay_unreachable` when nothing answers, and with
 * `relay_refused` when the relay says no.
 */
export interface RelayTransport {
  readonly url: string;
  /** The relay has said that what comes later rings; others may ring for some of it, or for nothing. */
  readonly rings: boolean;
  /** One outcome per envelope, in their order; nothing overtakes one that has to wait. */
  put(envelopes: readonly RelayEnvelope[]): Promise<readonly PutOutcome[]>;
  /** Asks for the mailbox; `take` moves it here from another installation. */
  lease(take: boolean): Promise<Lease>;
  /**
   * Listing removes nothing. Rejects with `mailbox_leased` when another installation has taken the
   * mailbox over, as `acknowledge` does.
   */
  list(limit: number): Promise<MailPage>;
  /** Removes envelopes from the mailbox; ids that are gone already are fine. */
  acknowledge(ids: readonly string[]): Promise<void>;
  /** False: the relay knows no libsignal bundles; others write to us in the network's own cipher. */
  publishBundle(bundle: LibsignalUpload): Promise<boolean>;
  /** Keys of the network's own cipher: the signed one replaces its predecessor, the others are added. */
  publishSdkKeys(signed: SdkKey, oneTime: readonly SdkKey[]): Promise<void>;
  keyHealth(): Promise<KeyHealth>;
  /** `address` in base64; takes a one-time key of each kind. Null: the relay knows no keys of it. */
  fetchBundle(address: string): Promise<PublishedBundle | null>;
  /**
   * What the libsignal bundle of `address` (base64) says it understands; takes no key. Null: it has
   * published none.
   */
  capabilities(address: string): Promise<readonly string[] | null>;
  requestContact(cryptoId: string): Promise<ContactRow>;
  acceptContact(cryptoId: string): Promise<ContactRow>;
  removeContact(cryptoId: string): Promise<void>;
  blockContact(cryptoId: string): Promise<ContactRow>;
  /** What stands between the two: `none`, `pending`, `accepted` or `blocked`. */
  contactStatus(cryptoId: string): Promise<string>;
  contacts(): Promise<readonly { agentId: string; status: string }[]>;
  contactRequests(): Promise<{
    incoming: readonly { agentId: string }[];
    outgoing: readonly { agentId: string }[];
  }>;
  /** The cryptoId a handle stands for; null when nobody claimed it. */
  resolveHandle(handle: string): Promise<string | null>;
  /** Oldest first. */
  handlesOf(cryptoId: string): Promise<readonly string[]>;
  /** Claiming one's own again is fine. Rejects with `handle_taken`, or `relay_refused`. */
  claimHandle(handle: string): Promise<void>;
  /** Rejects with `handle_unknown` when it is not this agent's. */
  releaseHandle(handle: string): Promise<void>;
  /** Takes this agent's card off the directory; one that is not there is fine. */
  removeCard(): Promise<void>;
  /** Opens the doorbell and keeps it open. */
  open(listener: RelayListener): void;
  close(): Promise<void>;
}
