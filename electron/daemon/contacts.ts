import { type ErrorView, errorView, TinyplaceError } from "../../shared/errors/errors.ts";
import type { Clock } from "../platform/clock.ts";
import type { RelayTransport } from "../relay/transport.ts";
import { noteActivity } from "../vault/activity-table.ts";
import {
  askedPeers,
  type ContactBook,
  type ContactNote,
  contactNote,
  keepContacts,
  knownContacts,
  markBlocked,
  setContactNote,
} from "../vault/contact-table.ts";
import type { Vault } from "../vault/vault.ts";

interface ContactsParts {
  /** The agent's own cryptoId. */
  readonly self: string;
  readonly vault: Vault;
  readonly relay: RelayTransport;
  readonly clock: Clock;
  /** The requests that wait for a person or a session are others than before. */
  readonly changed: () => void;
  /** Somebody became a contact: mail that waited for it can go. */
  readonly accepted: () => Promise<void>;
}

/** Who may write to this agent, and whom it asked (rule C1). Peers are cryptoIds. */
export class Contacts {
  private readonly parts: ContactsParts;
  private incoming: readonly { agentId: string }[] = [];
  private readonly looking = new Set<Promise<void>>();
  private sure = false;
  private closed = false;

  constructor(parts: ContactsParts) {
    this.parts = parts;
  }

  /** Incoming requests as of the last look: never accepted by themselves. */
  requests(): readonly { agentId: string }[] {
    return this.incoming;
  }

  /** False when the last look failed: what it would have read is not known. */
  get isSure(): boolean {
    return this.sure;
  }

  lists() {
    return this.parts.relay.contactRequests();
  }

  list() {
    return this.parts.relay.contacts();
  }

  /** What a person is shown: as the relay says it, or where that fails as it last did, and why. */
  async book(): Promise<ContactBook & { readonly problem: ErrorView | null }> {
    const { vault } = this.parts;
    let book: ContactBook;
    try {
      const [accepted, { incoming, outgoing }] = await Promise.all([this.list(), this.lists()]);
      const ids = (all: readonly { agentId: string }[]) => all.map(({ agentId }) => agentId);
      book = { accepted: ids(accepted), incoming: ids(incoming), outgoing: ids(outgoing) };
    } catch (thrown) {
      return { ...knownContacts(vault), problem: errorView(thrown) };
    }
    if (!this.closed && JSON.stringify(book) !== JSON.stringify(knownContacts(vault))) {
      await vault.write(() => keepContacts(vault, book));
    }
    return { ...book, problem: null };
  }

  /** True when a person or session of this agent removed or blocked the peer. */
  isRemoved(peer: string): boolean {
    return contactNote(this.parts.vault, peer) === "removed";
  }

  /** Asks, because a person or a session wants it; the status is `accepted` where they asked, too. */
  async request(peer: string): Promise<string> {
    this.refuseSelf(peer);
    const { status } = await this.parts.relay.requestContact(peer);
    await this.note(peer, status === "pending" ? "asked" : null);
    if (status === "accepted") await this.parts.accepted();
    await this.look();
    return status;
  }

  /**
   * Asks, because the relay refused a message for want of a contact: once, and never for a contact that
   * was removed here.
   */
  async requestForMail(peer: string): Promise<void> {
    const { vault, relay } = this.parts;
    if (contactNote(vault, peer) !== null) return;
    // To a relay a request that meets theirs is an acceptance, and that is not ours to give.
    const { incoming } = await relay.contactRequests();
    if (incoming.some(({ agentId }) => agentId === peer)) return;
    const { status } = await relay.requestContact(peer);
    if (status === "pending") await this.note(peer, "asked");
  }

  async accept(peer: string): Promise<void> {
    await this.parts.relay.acceptContact(peer);
    await this.note(peer, null);
    await this.look();
    await this.parts.accepted();
  }

  /**
   * Declines their request, takes back one's own, ends the contact, or ends one's own block. Returns
   * what stands between the two afterwards: `none`, or `blocked` where they block, too.
   */
  async remove(peer: string): Promise<string> {
    this.refuseSelf(peer);
    const { relay } = this.parts;
    await relay.removeContact(peer);
    await this.note(peer, "removed");
    await this.look();
    return relay.contactStatus(peer);
  }

  /** Nothing from the peer is taken any more, neither mail nor requests. */
  async block(peer: string): Promise<string> {
    this.refuseSelf(peer);
    const { status } = await this.parts.relay.blockContact(peer);
    await this.note(peer, "removed", true);
    await this.look();
    return status;
  }

  /** Reads the requests again; never throws, since the relay's state is shown elsewhere. */
  look(): Promise<void> {
    const look = this.readRequests()
      .then(
        () => {
          this.sure = true;
        },
        () => {
          this.sure = false;
        },
      )
      .finally(() => this.looking.delete(look));
    this.looking.add(look);
    return look;
  }

  /** Resolves when no look is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.looking);
  }

  /** Before the vault closes. */
  close(): Promise<void> {
    this.closed = true;
    return this.settled();
  }

  private async readRequests(): Promise<void> {
    const { vault, relay } = this.parts;
    // As of before the relay is asked: what is asked meanwhile is not missing from its answer.
    const asked = askedPeers(vault);
    const { incoming, outgoing } = await relay.contactRequests();
    if (this.closed) return;
    const open = new Set(outgoing.map(({ agentId }) => agentId));
    await this.settle(asked.filter((peer) => !open.has(peer)));
    const before = JSON.stringify(this.incoming);
    this.incoming = incoming.map(({ agentId }) => ({ agentId }));
    if (JSON.stringify(this.incoming) !== before) this.parts.changed();
  }

  /** Requests of ours that are gone were accepted or declined. */
  private async settle(answered: readonly string[]): Promise<void> {
    if (answered.length === 0) return;
    const { vault, relay, clock } = this.parts;
    const contacts = new Set((await relay.contacts()).map(({ agentId }) => agentId));
    if (this.closed) return;
    await vault.write(() => {
      for (const peer of answered) {
        // Decided by somebody meanwhile: that stands.
        if (contactNote(vault, peer) !== "asked") continue;
        this.write(peer, contacts.has(peer) ? null : "declined", clock.now());
      }
    });
    if (answered.some((peer) => contacts.has(peer))) await this.parts.accepted();
  }

  /** Whatever else is decided about a peer ends a block. */
  private note(peer: string, note: ContactNote | null, blocks = false): Promise<void> {
    const { vault, clock } = this.parts;
    return vault.write(() => {
      this.write(peer, note, clock.now());
      markBlocked(vault, peer, blocks ? clock.now() : null);
    });
  }

  /** Inside a write. */
  private write(peer: string, note: ContactNote | null, at: number): void {
    setContactNote(this.parts.vault, peer, note, at);
    noteActivity(this.parts.vault, { at, kind: "contact", peer, why: note ?? "accepted" });
  }

  private refuseSelf(peer: string): void {
    if (peer !== this.parts.self) return;
    throw new TinyplaceError(
      "bad_request",
      "This is the agent's own address.",
      "Its sessions write to each other without any contact; name another agent.",
    );
  }
}
