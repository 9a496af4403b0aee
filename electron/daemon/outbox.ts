import { encodeEnvelope, REHANDSHAKE_BODY } from "../../shared/envelope/envelope.ts";
import { errorView } from "../../shared/errors/errors.ts";
import type { Suite } from "../../shared/model/suite.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Clock } from "../platform/clock.ts";
import { failpoint } from "../platform/failpoints.ts";
import { randomHex } from "../platform/random.ts";
import type { Cipher, Sealed } from "../ratchet/cipher.ts";
import { RatchetUnit } from "../ratchet/unit-of-work.ts";
import {
  CLOCK_IS_WRONG,
  type PutOutcome,
  type RelayEnvelope,
  type RelayTransport,
} from "../relay/transport.ts";
import {
  hurryJobs,
  type Job,
  jobDelayed,
  jobEncrypted,
  type MailJob,
  rememberControl,
  removeJob,
  removeSentJob,
  waitingJobs,
  waitingRecipients,
} from "../vault/job-table.ts";
import {
  type End,
  markEncrypted,
  markEnded,
  markProblem,
  markRelayed,
} from "../vault/outgoing-table.ts";
import { rememberSdkEnvelope, rememberSdkPing } from "../vault/sdk-mail-table.ts";
import type { Vault } from "../vault/vault.ts";
import { isDue, retryDelay } from "./backoff.ts";
import { addressOf, type Choice, type Ciphers } from "./ciphers.ts";
import type { Identity } from "./identity.ts";
import { keepEnvelope, keptEnvelope } from "./kept-envelope.ts";
import type { PeerQueue } from "./peer-queue.ts";

/** Jobs that share one ratchet transaction and one request to the relay. */
const BATCH = 64;
/** How long a vault that refuses writes is left alone, in ms. */
const VAULT_PAUSE_MS = 5_000;
/** The relay's word for it (network.md part 1, section 4). */
const NOT_A_CONTACT = "not_a_contact";
const REMOVED =
  "The contact was removed or declined here, so nothing asks for it by itself: this waits until the two are contacts";
const EXPIRED = "The relay did not take it within 7 days";

interface OutboxParts {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly ciphers: Ciphers;
  readonly relay: RelayTransport;
  readonly queue: PeerQueue;
  readonly clock: Clock;
  readonly timers: Timers;
  /** A message was refused for want of a contact (rule C1). */
  readonly askForContact: (peer: string) => Promise<void>;
  /** Whether a person or session of this agent ended the contact. */
  readonly isRemoved: (peer: string) => boolean;
  /**
   * The first message of the newest session with the peer will not arrive: none that follows could be
   * read. Inside a write, and in the peer's queue.
   */
  readonly firstMessageGone: (peer: string) => void;
  /** Called after the state of messages changed on disk. */
  readonly changed: (messages: readonly MailJob[]) => void;
}

interface Offered {
  readonly job: Job;
  readonly envelope: RelayEnvelope;
}

/** Part of an attempt; null: it could not be encrypted. */
type Tried = Offered | { readonly job: Job; readonly envelope: null };

/** The relay has it; in the vault it is not noted yet. */
interface Taken {
  readonly job: Job;
  readonly at: number;
}

interface Made {
  readonly job: Job;
  readonly envelope: RelayEnvelope;
  readonly suite: Suite;
  readonly session: string | null;
}

/** Steps and ciphertexts that are to be committed. */
interface Encrypted {
  readonly unit: RatchetUnit;
  readonly choices: readonly Choice[];
  /** By the job's number. */
  readonly made: ReadonlyMap<number, Made>;
  /** What can go out then, with what was encrypted before. */
  readonly ready: readonly Job[];
}

/**
 * Carries committed jobs to the relay (rule D3): encrypt and commit the ciphertext with its ratchet
 * step, then offer that ciphertext until it is accepted, refused for good or expired. One pump per
 * recipient, so that a blocked peer holds nobody else up, and a peer's mail keeps its order.
 */
export class Outbox {
  private readonly parts: OutboxParts;
  private readonly running = new Map<string, Promise<void>>();
  private readonly again = new Set<string>();
  private cancelTimer: (() => void) | null = null;
  private paused = true;
  private refused = false;
  private closed = false;

  constructor(parts: OutboxParts) {
    this.parts = parts;
  }

  /**
   * Nothing is encrypted before it is known that no other installation uses the same ratchets (rule
   * N5), or once it is known that one does.
   */
  pause(paused: boolean): void {
    this.paused = paused;
  }

  /** Starts whatever is due, and sets the timer for what is not. */
  wakeAll(): void {
    if (this.closed || this.paused) return;
    this.refused = false;
    try {
      this.wakeDue();
    } catch {
      this.waitForVault();
    }
  }

  private wakeDue(): void {
    const now = this.parts.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const { recipient, due } of waitingRecipients(this.parts.vault)) {
      if (isDue(due, now)) this.wake(recipient);
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
    if (this.closed || this.paused) return;
    if (this.running.has(recipient)) {
      this.again.add(recipient);
      return;
    }
    const pump = this.pump(recipient)
      // A refused write, e.g. a full disk: the jobs are as they were.
      .catch(() => this.waitForVault())
      .finally(() => {
        this.running.delete(recipient);
        if (this.again.delete(recipient)) this.wake(recipient);
        else this.wakeAllIfIdle();
      });
    this.running.set(recipient, pump);
  }

  /** Resolves when nothing is being carried; what waits for its back-off goes on waiting. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running.values());
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelTimer?.();
    await Promise.allSettled(this.running.values());
  }

  private wakeAllIfIdle(): void {
    if (this.running.size === 0 && !this.refused) this.wakeAll();
  }

  /** What is due stays due while the vault takes nothing: it is tried after a while, not at once. */
  private waitForVault(): void {
    if (this.closed) return;
    this.refused = true;
    this.cancelTimer?.();
    this.cancelTimer = this.parts.timers.after(VAULT_PAUSE_MS, () => this.wakeAll());
  }

  /**
   * Runs batches until nothing of this recipient is due. What the relay took is noted in the commit of
   * the next batch where one follows, else with whatever is written next; should the process die before,
   * it is offered again under the same id, which the relay knows.
   */
  private async pump(recipient: string): Promise<void> {
    let taken: readonly Taken[] = [];
    while (!this.closed && !this.paused) {
      this.again.delete(recipient);
      const jobs = this.jobsAfter(recipient, taken);
      const head = jobs[0];
      const now = this.parts.clock.now();
      if (!head || !isDue(head.next_at, now)) {
        if (taken.length === 0) return;
        await this.note(taken, "later");
        taken = [];
        continue;
      }
      let sealed: readonly Offered[] | null = null;
      let outcomes: readonly PutOutcome[];
      try {
        sealed = await this.sealBatch(recipient, jobs, taken);
        taken = [];
        outcomes = await this.parts.relay.put(sealed.map((one) => one.envelope));
      } catch (error) {
        await this.note(taken);
        taken = [];
        const tried = sealed ?? [{ job: head, envelope: null }];
        if (await this.settleFailed(recipient, tried, error, now)) continue;
        return;
      }
      if (outcomes.length === sealed.length && outcomes.every((one) => one.accepted)) {
        const at = this.parts.clock.now();
        taken = sealed.map(({ job }) => ({ job, at }));
      } else if (!(await this.settle(recipient, sealed, outcomes, now))) return;
    }
    await this.note(taken);
  }

  /** The recipient's next jobs after those the relay took. */
  private jobsAfter(recipient: string, taken: readonly Taken[]): Job[] {
    return waitingJobs(this.parts.vault, recipient, BATCH, taken.at(-1)?.job.job);
  }

  /** These will not arrive. */
  private async gone(recipient: string, envelopes: readonly RelayEnvelope[]): Promise<void> {
    // libsignal repeats its handshake until it is answered; the network's own cipher does not.
    if (!envelopes.some((one) => !one.suite && one.type === "PREKEY_BUNDLE")) return;
    const { vault, queue, firstMessageGone } = this.parts;
    await queue.run(recipient, () => vault.write(() => firstMessageGone(recipient)));
  }

  /**
   * The jobs' envelopes in order; new ciphertexts are on disk before this resolves. It ends before a job
   * that cannot be encrypted, and rejects when that is the first.
   * @param taken by the relay: noted on the way
   */
  private sealBatch(
    recipient: string,
    jobs: readonly Job[],
    taken: readonly Taken[],
  ): Promise<Offered[]> {
    const { vault, clock, ciphers } = this.parts;
    return this.parts.queue.run(recipient, async () => {
      if (jobs.every(isSealed)) {
        await this.note(taken);
        return jobs.map((job) => ({ job, envelope: storedEnvelope(job) }));
      }
      const { unit, choices, made, ready } = await this.encryptRuns(recipient, jobs);
      const sealed = await vault.write(() => {
        unit.commit(clock.now());
        for (const choice of choices) ciphers.remember(recipient, choice);
        this.markTaken(taken);
        failpoint("encrypt.before-commit");
        return ready.flatMap((job) => {
          const one = made.get(job.job);
          if (!one) return [{ job, envelope: storedEnvelope(job) }];
          return this.encrypted(job, one) ? [{ job, envelope: one.envelope }] : [];
        });
      });
      failpoint("encrypt.after-commit");
      this.changed(taken);
      return sealed;
    });
  }

  /**
   * Encrypts run by run, up to one that fails, e.g. for want of keys to begin a session anew with: what
   * comes before goes out without it, and its trouble is its own when it is the first.
   */
  private async encryptRuns(recipient: string, jobs: readonly Job[]): Promise<Encrypted> {
    const { vault, ciphers } = this.parts;
    const unit = new RatchetUnit(vault);
    const choices: Choice[] = [];
    const made = new Map<number, Made>();
    for (const run of inOneSession(jobs.filter((job) => !isSealed(job)))) {
      const [first] = run;
      const step = unit.child();
      try {
        const choice = await ciphers.choose(step, recipient, first.fresh_session === 1);
        const all = await this.encrypt(step, choice.cipher, recipient, run);
        for (const one of all) made.set(one.job.job, one);
        choices.push(choice);
        unit.merge(step);
      } catch (error) {
        const ready = jobs.slice(0, jobs.indexOf(first));
        if (ready.length === 0) throw error;
        return { unit, choices, made, ready };
      }
    }
    return { unit, choices, made, ready: jobs };
  }

  /** Inside the write that commits the step. False: cancelled meanwhile, it must not go out. */
  private encrypted(job: Job, { envelope, suite, session }: Made): boolean {
    const { vault, clock } = this.parts;
    const at = clock.now();
    if (!jobEncrypted(vault, job.job, keepEnvelope(envelope))) return false;
    if (!isMail(job)) {
      rememberControl(vault, job.recipient, envelope.id, at);
      if (session !== null) rememberSdkPing(vault, session);
      return true;
    }
    markEncrypted(vault, job.seq, envelope.id, suite);
    if (session !== null) {
      rememberSdkEnvelope(vault, { envelopeId: envelope.id, message: job.seq, session, at });
    }
    return true;
  }

  private async encrypt(
    unit: RatchetUnit,
    cipher: Cipher,
    recipient: string,
    jobs: readonly Job[],
  ): Promise<Made[]> {
    const plaintexts = jobs.map((job) => {
      const text = isMail(job)
        ? mailText(this.parts.identity, job)
        : controlText(cipher, job.control);
      return Buffer.from(text, "utf8");
    });
    const sealed = [...(await cipher.encryptAhead(unit, recipient, plaintexts))];
    for (const plaintext of plaintexts.slice(sealed.length)) {
      sealed.push(await cipher.encrypt(unit, recipient, plaintext));
    }
    return jobs.map((job, index) => this.made(cipher, job, sealed[index] as Sealed));
  }

  private made(cipher: Cipher, job: Job, { ciphertext, session }: Sealed): Made {
    const { identity, clock } = this.parts;
    const envelope: RelayEnvelope = {
      id: newEnvelopeId(clock.now()),
      from: identity.address,
      to: addressOf(job.recipient),
      timestamp: new Date(clock.now()).toISOString(),
      deviceId: 1,
      ...ciphertext,
      // The network's own cipher goes without a mark: its clients know no such field.
      ...(cipher.suite === "libsignal" && { suite: cipher.suite }),
    };
    return { job, envelope, suite: cipher.suite, session };
  }

  /**
   * Commits what the relay said. False when the first of the rest has to wait.
   * @param at when the attempt began, in ms
   */
  private async settle(
    recipient: string,
    sealed: readonly Offered[],
    outcomes: readonly PutOutcome[],
    at: number,
  ): Promise<boolean> {
    const { vault, clock } = this.parts;
    const now = clock.now();
    const lost: RelayEnvelope[] = [];
    const blocked = await vault.write(() => {
      let first: { problem: string; over: boolean } | null = null;
      for (const [index, { job, envelope }] of sealed.entries()) {
        const outcome = outcomes[index] ?? NO_ANSWER;
        if (outcome.accepted) {
          this.markTaken([{ job, at: now }]);
        } else if (outcome.permanent || isUnwantedControl(job, outcome.error)) {
          this.end(job, "refused", outcome.error);
          if (outcome.permanent) lost.push(envelope);
        } else if (!first) {
          first = { problem: outcome.error, over: isOver(job, outcome.error, at) };
          if (first.over) {
            this.end(job, "expired", EXPIRED);
            lost.push(envelope);
          } else this.delay(job, outcome.error);
        }
      }
      failpoint("relayed.before-commit");
      return first as { problem: string; over: boolean } | null;
    });
    failpoint("relayed.after-commit");
    this.changed(sealed);
    await this.gone(recipient, lost);
    if (!blocked || blocked.over) return true;
    if (blocked.problem === NOT_A_CONTACT) await this.askForContact(recipient);
    return false;
  }

  /**
   * Commits that an attempt failed as a whole. False when the first has to wait.
   * @param at when the attempt began, in ms
   */
  private async settleFailed(
    recipient: string,
    tried: readonly Tried[],
    error: unknown,
    at: number,
  ): Promise<boolean> {
    const { vault } = this.parts;
    const { code, error: problem } = errorView(error);
    const [first] = tried;
    if (!first) return true;
    const final = code === "peer_identity_mismatch" || code === "body_too_large";
    const over = final ? [first] : tried.filter(({ job }) => isOver(job, problem, at));
    await vault.write(() => {
      for (const { job } of over) {
        if (final) this.end(job, "failed", problem);
        else this.end(job, "expired", EXPIRED);
      }
      if (!over.includes(first)) this.delay(first.job, problem);
    });
    this.changed([first, ...over]);
    await this.gone(
      recipient,
      over.flatMap(({ envelope }) => envelope ?? []),
    );
    return over.includes(first);
  }

  /** Commits that the relay took these. */
  private async note(taken: readonly Taken[], when: "now" | "later" = "now"): Promise<void> {
    if (taken.length === 0) return;
    const { vault } = this.parts;
    const change = () => {
      this.markTaken(taken);
      failpoint("relayed.before-commit");
    };
    await (when === "now" ? vault.write(change) : vault.writeLater(change));
    failpoint("relayed.after-commit");
    this.changed(taken);
  }

  /** Inside a write. */
  private markTaken(taken: readonly Taken[]): void {
    const { vault } = this.parts;
    for (const { job, at } of taken) {
      // Not removed when a repair asked for a new ciphertext meanwhile: that goes out as well.
      removeSentJob(vault, job.job);
      if (isMail(job)) markRelayed(vault, job.seq, at);
    }
  }

  private changed(done: readonly { readonly job: Job }[]): void {
    if (done.length > 0) this.parts.changed(done.map((one) => one.job).filter(isMail));
  }

  /** C1: a refusal for want of a contact sends a request; the message waits for its acceptance. */
  private async askForContact(peer: string): Promise<void> {
    try {
      await this.parts.askForContact(peer);
    } catch {
      // The message is retried in any case, and with it the request.
    }
  }

  /** Inside a write. */
  private end(job: Job, end: End, problem: string): void {
    const { vault, clock } = this.parts;
    // Not when it is gone already, e.g. cancelled meanwhile.
    if (!removeJob(vault, job.job) || !isMail(job)) return;
    markEnded(vault, job.seq, end, problem, clock.now());
  }

  /** Inside a write. */
  private delay(job: Job, problem: string): void {
    const { vault, clock } = this.parts;
    jobDelayed(vault, job.job, clock.now() + retryDelay(job.attempts, Math.random()));
    if (!isMail(job)) return;
    const isRemoved = problem === NOT_A_CONTACT && this.parts.isRemoved(job.recipient);
    markProblem(vault, job.seq, isRemoved ? REMOVED : problem);
  }
}

const NO_ANSWER: PutOutcome = {
  id: "",
  accepted: false,
  status: 0,
  error: "the relay did not answer for this message",
  permanent: false,
};

function isMail(job: Job): job is MailJob {
  return job.control === null;
}

/**
 * A time that is over ends a job when an attempt that began after it has failed. The clock alone does
 * not: it may have been far behind when the job was made, or be wrong now, as the relay then says.
 */
function isOver(job: Job, problem: string, at: number): boolean {
  return job.expires_at <= at && !problem.includes(CLOCK_IS_WRONG);
}

function isSealed(job: Job): boolean {
  return job.envelope !== null;
}

/** Divided before each job that is to begin a session anew. */
function inOneSession(jobs: readonly Job[]): [Job, ...Job[]][] {
  const runs: [Job, ...Job[]][] = [];
  for (const job of jobs) {
    const run = runs.at(-1);
    if (!run || job.fresh_session === 1) runs.push([job]);
    else run.push(job);
  }
  return runs;
}

/** Receipts for somebody who is no contact any more are owed to nobody. */
function isUnwantedControl(job: Job, error: string): boolean {
  return !isMail(job) && error === NOT_A_CONTACT;
}

/**
 * A peer of the network's own cipher knows one control message, the re-key ping: whatever is to be
 * repaired, it is asked for by that.
 */
function controlText(cipher: Cipher, control: string): string {
  return cipher.suite === "sdk" ? REHANDSHAKE_BODY : control;
}

function storedEnvelope(job: Job): RelayEnvelope {
  return keptEnvelope(job.envelope as Uint8Array | string);
}

/** Begins with the time: ids that grow are appended to an index, random ones rewrite all of it. */
function newEnvelopeId(now: number): string {
  return `env-${now.toString(16).padStart(12, "0")}${randomHex(10)}`;
}

function mailText(identity: Identity, job: MailJob): string {
  return encodeEnvelope({
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
  });
}
