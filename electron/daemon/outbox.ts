import { randomBytes } from "node:crypto";
import { encodeEnvelope } from "../../shared/envelope/envelope.ts";
import { errorView, TinyplaceError } from "../../shared/errors/errors.ts";
import { messagingAddressOf, publicKeyOf } from "../../shared/model/address.ts";
import type { Clock } from "../platform/clock.ts";
import type { Timers } from "../platform/timers.ts";
import type { Ratchet } from "../ratchet/ratchet.ts";
import { RatchetUnit } from "../ratchet/unit-of-work.ts";
import type { PutOutcome, RelayEnvelope, RelayTransport } from "../relay/transport.ts";
import {
  hurryJobs,
  jobDelayed,
  jobEncrypted,
  jobFailed,
  jobRelayed,
  type OutboxRow,
  waitingJobs,
  waitingRecipients,
} from "../vault/outbox-table.ts";
import type { Vault } from "../vault/vault.ts";
import { retryDelay } from "./backoff.ts";
import type { Identity } from "./identity.ts";
import type { PeerQueue } from "./peer-queue.ts";

/** Jobs that share one ratchet transaction and one request to the relay. */
const BATCH = 64;

interface OutboxParts {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly ratchet: Ratchet;
  readonly relay: RelayTransport;
  readonly queue: PeerQueue;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Called after the state of messages changed on disk. */
  readonly changed: (messages: readonly OutboxRow[]) => void;
}

/**
 * Carries committed jobs to the relay (rule D3): encrypt and commit the ciphertext with its ratchet
 * step, then offer that ciphertext until it is accepted or refused for good. One pump per recipient,
 * so that a blocked peer holds nobody else up, and a peer's mail keeps its order.
 */
export class Outbox {
  private readonly parts: OutboxParts;
  private readonly running = new Map<string, Promise<void>>();
  private readonly again = new Set<string>();
  private cancelTimer: (() => void) | null = null;
  private closed = false;

  constructor(parts: OutboxParts) {
    this.parts = parts;
  }

  /** Starts whatever is due, and sets the timer for what is not. */
  wakeAll(): void {
    if (this.closed) return;
    const now = this.parts.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const { recipient, due } of waitingRecipients(this.parts.vault)) {
      if (due <= now) this.wake(recipient);
      else next = Math.min(next, due);
    }
    this.cancelTimer?.();
    this.cancelTimer = null;
    if (next < Number.POSITIVE_INFINITY) {
      this.cancelTimer = this.parts.timers.after(Math.max(0, next - now), () => this.wakeAll());
    }
  }

  /** The relay can be reached again, or a contact was accepted: nothing waits for its back-off. */
  async hurry(): Promise<void> {
    const { vault, clock } = this.parts;
    await vault.write(() => hurryJobs(vault, clock.now()));
    this.wakeAll();
  }

  wake(recipient: string): void {
    if (this.closed) return;
    if (this.running.has(recipient)) {
      this.again.add(recipient);
      return;
    }
    const pump = this.pump(recipient).finally(() => {
      this.running.delete(recipient);
      if (this.again.delete(recipient)) this.wake(recipient);
      else this.wakeAllIfIdle();
    });
    this.running.set(recipient, pump);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelTimer?.();
    await Promise.allSettled(this.running.values());
  }

  private wakeAllIfIdle(): void {
    if (this.running.size === 0) this.wakeAll();
  }

  /** Runs batches until nothing of this recipient is due. */
  private async pump(recipient: string): Promise<void> {
    while (!this.closed) {
      this.again.delete(recipient);
      const jobs = waitingJobs(this.parts.vault, recipient, BATCH);
      const head = jobs[0];
      if (!head || head.next_at > this.parts.clock.now()) return;
      try {
        const envelopes = await this.encryptBatch(recipient, jobs);
        const outcomes = await this.parts.relay.put(envelopes);
        if (!(await this.settle(jobs, outcomes))) return;
      } catch (error) {
        await this.delayOrFail(head, error);
        return;
      }
    }
  }

  /** The jobs' envelopes in order; new ciphertexts are on disk before this resolves. */
  private encryptBatch(recipient: string, jobs: readonly OutboxRow[]): Promise<RelayEnvelope[]> {
    const { vault, clock } = this.parts;
    return this.parts.queue.run(recipient, async () => {
      const fresh = jobs.filter((job) => job.state === "queued");
      const envelopes = new Map<number, RelayEnvelope>();
      if (fresh.length > 0) {
        const unit = new RatchetUnit(vault);
        await this.ensureSession(unit, recipient);
        for (const job of fresh)
          envelopes.set(job.seq, await this.encryptOne(unit, recipient, job));
        await vault.write(() => {
          unit.commit(clock.now());
          for (const [seq, envelope] of envelopes) {
            jobEncrypted(vault, seq, JSON.stringify(envelope));
          }
        });
      }
      return jobs.map((job) => envelopes.get(job.seq) ?? storedEnvelope(job));
    });
  }

  private async ensureSession(unit: RatchetUnit, recipient: string): Promise<void> {
    const { ratchet, relay } = this.parts;
    if (ratchet.hasSession(unit, recipient)) return;
    const bundle = await relay.fetchBundle(addressOf(recipient));
    if (!bundle) {
      throw new TinyplaceError(
        "peer_unknown",
        `The relay knows no keys of ${recipient}: it may not have started there yet.`,
        "Check the address. The message waits, and goes out when the other agent appears.",
      );
    }
    await ratchet.startSession(unit, recipient, bundle);
  }

  private async encryptOne(
    unit: RatchetUnit,
    recipient: string,
    job: OutboxRow,
  ): Promise<RelayEnvelope> {
    const { identity, ratchet, clock } = this.parts;
    const ciphertext = await ratchet.encrypt(unit, recipient, this.plaintext(job));
    return {
      id: `msg-${randomBytes(8).toString("hex")}`,
      from: identity.address,
      to: addressOf(recipient),
      timestamp: new Date(clock.now()).toISOString(),
      deviceId: 1,
      type: ciphertext.type,
      body: ciphertext.body,
      suite: "libsignal",
    };
  }

  private plaintext(job: OutboxRow): Uint8Array {
    const { identity } = this.parts;
    return Buffer.from(
      encodeEnvelope({
        id: job.id,
        role: job.role,
        text: job.text,
        fromSession: job.from_session,
        toSession: job.to_session,
        inReplyTo: job.in_reply_to,
        auto: job.auto === 1,
        timestamp: job.sent_at ?? new Date(job.at).toISOString(),
        agent: identity.cryptoId,
        // A folder's name is the sender's own affair: the receiver does not need it.
        cwd: "",
        wrapperSessionId: job.asker ?? job.from_session ?? "tinyplace",
        harnessSessionId: job.asker,
      }),
      "utf8",
    );
  }

  /** Commits what the relay said. False when the first of the rest has to wait. */
  private async settle(
    jobs: readonly OutboxRow[],
    outcomes: readonly PutOutcome[],
  ): Promise<boolean> {
    const { vault, clock } = this.parts;
    let blocked: { job: OutboxRow; problem: string } | null = null;
    const settled: OutboxRow[] = [];
    const now = clock.now();
    for (const [index, job] of jobs.entries()) {
      const outcome = outcomes[index];
      if (!outcome || (!outcome.accepted && !outcome.permanent)) {
        blocked ??= { job, problem: outcome?.error ?? "the relay did not answer for this message" };
      } else settled.push(job);
    }
    await vault.write(() => {
      for (const [index, job] of jobs.entries()) {
        const outcome = outcomes[index];
        if (outcome?.accepted) jobRelayed(vault, job.seq, now);
        else if (outcome?.permanent) jobFailed(vault, job.seq, outcome.error);
      }
      if (blocked) jobDelayed(vault, blocked.job.seq, this.retryAt(blocked.job), blocked.problem);
    });
    this.parts.changed(blocked ? [...settled, blocked.job] : settled);
    if (blocked?.problem === NOT_A_CONTACT) await this.askForContact(blocked.job.peer);
    return blocked === null;
  }

  /** C1: a refusal for want of a contact sends a request; the message waits for its acceptance. */
  private async askForContact(peer: string): Promise<void> {
    try {
      await this.parts.relay.requestContact(peer);
    } catch {
      // The message is retried in any case, and with it the request.
    }
  }

  private async delayOrFail(head: OutboxRow, error: unknown): Promise<void> {
    const { vault } = this.parts;
    const view = errorView(error);
    const final = view.code === "peer_identity_mismatch" || view.code === "body_too_large";
    await vault.write(() => {
      if (final) jobFailed(vault, head.seq, view.error);
      else jobDelayed(vault, head.seq, this.retryAt(head), view.error);
    });
    this.parts.changed([head]);
    if (final) this.again.add(head.peer);
  }

  private retryAt(job: OutboxRow): number {
    return this.parts.clock.now() + retryDelay(job.attempts, Math.random());
  }
}

/** The relay's word for it (network.md part 1, section 4). */
const NOT_A_CONTACT = "not_a_contact";

function addressOf(cryptoId: string): string {
  return messagingAddressOf(publicKeyOf(cryptoId) as Uint8Array);
}

function storedEnvelope(job: OutboxRow): RelayEnvelope {
  return JSON.parse(job.envelope as string) as RelayEnvelope;
}
