import type { RelaySummary } from "../../shared/model/snapshot.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Clock } from "../platform/clock.ts";
import type { RelaySwitch } from "../relay/client/relay-switch.ts";
import type { Lease, MailPage, RelayTransport } from "../relay/transport.ts";
import type { RungFor } from "../relay/wire.ts";
import { noteActivity } from "../vault/activity-table.ts";
import type { Vault } from "../vault/vault.ts";
import type { Contacts } from "./contacts.ts";
import type { Directory } from "./directory.ts";
import type { Inbound } from "./inbound.ts";
import type { KeyKeeper } from "./key-keeper.ts";
import { meetRelay } from "./meet-relay.ts";
import type { Outbox } from "./outbox.ts";
import type { Receipts } from "./receipts.ts";
import { RelayPolls } from "./relay-polls.ts";
import type { Repair } from "./repair.ts";

/** The doorbell is a hint; this poll is the guarantee (see `RelayPolls`). In ms. */
const POLL_MS = 30_000;
const CONTACT_LOOK_MS = 250;

interface RelayLinkParts {
  readonly way: RelaySwitch;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly timers: Timers;
  /** What is done with a relay. */
  readonly work: {
    readonly inbound: Inbound;
    readonly outbox: Outbox;
    readonly receipts: Receipts;
    readonly repair: Repair;
    readonly keys: KeyKeeper;
    readonly contacts: Contacts;
    readonly directory: Directory;
  };
  /** The relay answers (again), and the mailbox is ours. */
  readonly online: () => void;
  /** Something a snapshot shows may have changed. */
  readonly changed: () => void;
}

/**
 * One agent at its relay: whether it answers, whether the mailbox is ours (rule N5), and when what is
 * done there is done: at a ring, at a poll, when it answers again.
 */
export class RelayLink {
  private readonly parts: RelayLinkParts;
  private readonly relay: RelayTransport;
  private readonly polls = new RelayPolls();
  private relayState: Omit<RelaySummary, "url"> = { state: "connecting", problem: null };
  private lease: Lease | null = null;
  private cancelPoll: (() => void) | null = null;
  private cancelContactLook: (() => void) | null = null;
  private isLeaving = false;
  private closed = false;

  constructor(parts: RelayLinkParts) {
    this.parts = parts;
    this.relay = parts.way.relay;
  }

  get state(): Omit<RelaySummary, "url"> {
    return this.relayState;
  }

  /** As it was last heard; null: not yet. */
  get leaseIs(): Lease | null {
    return this.lease;
  }

  /** The machine that drains the mailbox in our stead; null: nobody does. */
  get elsewhere(): string | null {
    return this.lease?.state === "elsewhere" ? this.lease.host : null;
  }

  /** Connects; everything from then on happens by itself. */
  open(): void {
    this.relay.open({
      doorbell: (at, page) => this.rung(at, page),
      state: (state, problem) => {
        this.relayState = { state, problem };
        this.parts.changed();
        if (state === "online") void this.online();
      },
    });
    this.poll();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelPoll?.();
    this.cancelContactLook?.();
    await this.relay.close();
  }

  /**
   * Whether this installation may use the agent now (rule N5); a relay that does not answer leaves it
   * as it was.
   */
  async checkLease(): Promise<boolean> {
    const before = this.lease?.state;
    try {
      this.lease = await this.relay.lease(false);
    } catch {
      return this.mayDrain();
    }
    if (this.lease.state !== before) {
      // Rings were not answered while it was not known to be ours.
      this.polls.askNext();
      await this.noteLease(this.lease.state);
    }
    this.parts.work.outbox.pause(!this.mayDrain() || this.isLeaving);
    this.parts.changed();
    return this.mayDrain();
  }

  /** Moves the agent here from another installation, which from then on is refused its mail. */
  async moveHere(): Promise<void> {
    await this.relay.lease(true);
    await this.online();
  }

  /** Before its relay is left: sends nothing more, while what was sent to it can still be read. */
  async stopSending(): Promise<void> {
    const { outbox } = this.parts.work;
    this.isLeaving = true;
    outbox.pause(true);
    await outbox.idle();
  }

  /**
   * Goes to another relay: what is queued goes out there, and the sessions here notice nothing. Work
   * that is under way ends first, since half of it at each relay would be done at neither.
   */
  async change(next: RelayTransport): Promise<void> {
    const { way, work } = this.parts;
    await Promise.all([this.stopSending(), way.leave()]);
    await Promise.all([work.keys.settled(), work.inbound.settled(), work.contacts.settled()]);
    if (this.closed) return next.close();
    this.lease = null;
    this.isLeaving = false;
    this.relayState = { state: "connecting", problem: null };
    way.enter(next);
    this.parts.changed();
  }

  private async online(): Promise<void> {
    const { vault, work } = this.parts;
    await meetRelay(vault, this.relay.url).catch(() => undefined);
    if (!(await this.checkLease()) || this.closed) return;
    this.parts.online();
    await work.keys.topUp();
    this.polls.asked(Math.random());
    await Promise.allSettled([
      work.inbound.look(),
      work.contacts.look(),
      work.directory.refresh(),
      work.outbox.hurry(),
      work.repair.look(),
      work.receipts.flush(),
    ]);
  }

  /** A vault that refuses to be written, e.g. on a full disk, is told elsewhere. */
  private async noteLease(why: Lease["state"]): Promise<void> {
    if (this.closed) return;
    const { vault, clock } = this.parts;
    const at = clock.now();
    await vault.write(() => noteActivity(vault, { at, kind: "lease", why })).catch(() => undefined);
  }

  private mayDrain(): boolean {
    return this.lease !== null && this.lease.state !== "elsewhere";
  }

  /** @param at null: for anything. Contacts can wait a moment and be asked once. */
  private rung(at: RungFor | null, page?: MailPage): void {
    if (!this.mayDrain()) return;
    const { inbound, contacts } = this.parts.work;
    if (at !== "contacts") void inbound.look(page);
    if (at === "mail") return;
    this.cancelContactLook ??= this.parts.timers.after(CONTACT_LOOK_MS, () => {
      this.cancelContactLook = null;
      void contacts.look();
    });
  }

  private poll(): void {
    if (this.closed) return;
    const { clock, timers, work } = this.parts;
    const due = clock.now() + POLL_MS;
    this.cancelPoll = timers.after(POLL_MS, () => {
      if (!this.mayDrain()) {
        void this.online().finally(() => this.poll());
        return;
      }
      const rings = this.relayState.state === "online" && this.relay.rings && work.contacts.isSure;
      // With a relay that rings the vault is left alone, too: what waits in it has timers of its own.
      if (!this.polls.asks(rings, clock.now() - due, Math.random())) return this.poll();
      const looks = [
        work.inbound.look(),
        work.contacts.look(),
        work.keys.rotate(),
        work.repair.look(),
        work.receipts.flush(),
      ];
      work.outbox.wakeAll();
      void Promise.allSettled(looks).then(() => this.poll());
    });
  }
}
