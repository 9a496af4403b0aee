import { messagingAddressOf, publicKeyOf } from "../../../shared/model/address.ts";
import type { Delivery, RelayStore } from "../store/store.ts";
import { uploadedEnvelope } from "../wire.ts";
import { HttpError } from "./http-error.ts";
import { cryptoIdFrom, read } from "./request.ts";

/** An address as an envelope names it. */
interface Party {
  readonly cryptoId: string;
  /** base64, the form that both clients key their sessions by. */
  readonly address: string;
}

/**
 * Which of the envelopes of one request go into mailboxes. A batch names its few addresses again and
 * again: each is read, and its contact looked up, once.
 */
export class Admission {
  private readonly store: RelayStore;
  private readonly sender: string;
  private readonly parties = new Map<string, Party>();
  private readonly contacts = new Map<string, Promise<boolean>>();

  /** @param sender who signed, a cryptoId */
  constructor(store: RelayStore, sender: string) {
    this.store = store;
    this.sender = sender;
  }

  /** The envelope on its way into its mailbox. Rejects with HttpError. */
  async admit(value: unknown): Promise<Delivery> {
    const uploaded = read(uploadedEnvelope, value);
    const from = this.party(uploaded.from);
    if (from.cryptoId !== this.sender) throw new HttpError(403, "from is not the signer");
    const to = this.party(uploaded.to);
    if (!(await this.mayWriteTo(to.cryptoId))) {
      throw new HttpError(403, "not_a_contact", { reason: "not_a_contact" });
    }
    // Whatever form the sender wrote.
    const envelope = { ...uploaded, from: from.address, to: to.address };
    return { mailbox: to.cryptoId, sender: this.sender, envelope };
  }

  /** Throws HttpError for what is no address. */
  private party(written: string): Party {
    const known = this.parties.get(written);
    if (known) return known;
    const cryptoId = cryptoIdFrom(written);
    const party = { cryptoId, address: messagingAddressOf(publicKeyOf(cryptoId) as Uint8Array) };
    this.parties.set(written, party);
    return party;
  }

  private mayWriteTo(mailbox: string): Promise<boolean> {
    const known = this.contacts.get(mailbox);
    if (known) return known;
    const asked = this.areContacts(mailbox);
    this.contacts.set(mailbox, asked);
    return asked;
  }

  private async areContacts(mailbox: string): Promise<boolean> {
    if (mailbox === this.sender) return true;
    return (await this.store.contact(this.sender, mailbox))?.status === "accepted";
  }
}
