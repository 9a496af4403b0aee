import { z } from "zod";
import { errorView } from "../../../shared/errors/errors.ts";
import type { PutOutcome } from "../transport.ts";
import type { RelayEnvelope } from "../wire.ts";
import { type Answer, errorText, type RelayWire, readAnswer, refused } from "./relay-wire.ts";

/** What one batch may hold: the relay's own bounds, less room for what is around the envelopes. */
const MAX_COUNT = 100;
const MAX_BYTES = 6 * 1024 * 1024;
/** Over a line on which nothing larger gets through, so much is still sent at once. */
const LEAST_BYTES = 16 * 1024;
/** A batch that took longer is not followed by a larger one, in ms: a request has 30 s. */
const LONG_MS = 5_000;
const NOT_TRIED = "an earlier message has to go first";
const UNANSWERED = "the relay did not answer for this message";

const named = z.object({ id: z.string() });

const batchAnswer = z.object({
  results: z.array(z.object({ id: z.string(), status: z.number(), error: z.string().optional() })),
});

/**
 * Offers envelopes to the relay in their order: in batches where it knows them, else one by one.
 * After the first that has to wait nothing more is tried, so that nothing overtakes it. A batch that was
 * not answered is followed by smaller ones: a line may be too slow for what was sent at once.
 */
export class Sender {
  private readonly wire: RelayWire;
  private readonly elapsed: () => number;
  private batches = true;
  /** What a batch may hold by now, in bytes. */
  private room = MAX_BYTES;

  /** @param elapsed ms since whenever, never going back */
  constructor(wire: RelayWire, elapsed: () => number = () => performance.now()) {
    this.wire = wire;
    this.elapsed = elapsed;
  }

  /** One outcome per envelope. Rejects only when nothing is known about any of them. */
  async put(envelopes: readonly RelayEnvelope[]): Promise<PutOutcome[]> {
    const outcomes: PutOutcome[] = [];
    try {
      while (outcomes.length < envelopes.length && !outcomes.some(mustWait)) {
        const chunk = firstOf(envelopes.slice(outcomes.length), this.room);
        await this.putChunk(chunk, outcomes);
      }
    } catch (error) {
      // What was accepted before the line broke must not be forgotten.
      if (outcomes.length === 0) throw error;
      fill(outcomes, envelopes, errorView(error).error);
    }
    return fill(outcomes, envelopes, NOT_TRIED);
  }

  private async putChunk(chunk: readonly RelayEnvelope[], outcomes: PutOutcome[]): Promise<void> {
    if (chunk.length > 1 && this.batches) {
      const answer = await this.sendBatch(chunk);
      if (answer.status === 200) {
        outcomes.push(...batchOutcomes(chunk, answer));
        return;
      }
      // A batch that is too large says nothing about its parts.
      if (isMissing(answer)) this.batches = false;
      else if (answer.status !== 413) throw refused(answer);
    }
    for (const envelope of chunk) {
      let one = await this.putOne(envelope);
      // What ends a message for good is believed when it is said twice: the first may have come from
      // something in the relay's place, or have been about a request that was damaged on its way.
      if (!one.accepted && one.permanent) one = await this.putOne(envelope);
      outcomes.push(one);
      if (mustWait(one)) return;
    }
  }

  private async sendBatch(chunk: readonly RelayEnvelope[]): Promise<Answer> {
    const began = this.elapsed();
    try {
      const answer = await this.wire.send("POST", "/messages/batch", { envelopes: chunk });
      if (this.elapsed() - began < LONG_MS) this.room = Math.min(MAX_BYTES, this.room * 2);
      return answer;
    } catch (error) {
      const size = chunk.reduce((sum, envelope) => sum + sizeOf(envelope), 0);
      this.room = Math.max(LEAST_BYTES, Math.floor(size / 2));
      throw error;
    }
  }

  private async putOne(envelope: RelayEnvelope): Promise<PutOutcome> {
    const answer = await this.wire.send("PUT", "/messages", envelope);
    // The relay answers with the envelope: without its id this is not about this message.
    if (isSuccess(answer.status) && named.safeParse(answer.body).data?.id !== envelope.id) {
      return outcome(envelope.id, 0, UNANSWERED);
    }
    return outcome(envelope.id, answer.status, errorText(answer));
  }
}

/** The relay does not have this route of our extension. */
export function isMissing(answer: Answer): boolean {
  return answer.status === 404 || answer.status === 405;
}

/** As many of the first as go into one batch, and one at least. @param room in bytes */
function firstOf(envelopes: readonly RelayEnvelope[], room: number): readonly RelayEnvelope[] {
  let size = 0;
  const end = envelopes.findIndex((envelope, index) => {
    size += sizeOf(envelope);
    return index > 0 && (index === MAX_COUNT || size > room);
  });
  return end === -1 ? envelopes : envelopes.slice(0, end);
}

/** In bytes, with what is around the body. */
function sizeOf(envelope: RelayEnvelope): number {
  return envelope.body.length + 1024;
}

function batchOutcomes(chunk: readonly RelayEnvelope[], answer: Answer): PutOutcome[] {
  const { results } = readAnswer(batchAnswer, answer);
  return chunk.map(({ id }, index) => {
    const one = results[index];
    if (one?.id !== id) return outcome(id, 500, UNANSWERED);
    return outcome(id, one.status, one.error ?? "");
  });
}

function outcome(id: string, status: number, error: string): PutOutcome {
  if (isSuccess(status)) return { id, accepted: true, permanent: false, error: "" };
  return {
    id,
    accepted: false,
    status,
    error: error || `the relay answered ${status}`,
    permanent: isPermanent(status, error),
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** A bare 404 may come from a wrong relay address, which can be put right: the mail waits for that. */
function isPermanent(status: number, error: string): boolean {
  return status === 400 || status === 413 || (status === 404 && error.includes("recipient"));
}

function mustWait(one: PutOutcome): boolean {
  return !one.accepted && !one.permanent;
}

function fill(
  outcomes: PutOutcome[],
  envelopes: readonly RelayEnvelope[],
  error: string,
): PutOutcome[] {
  for (const { id } of envelopes.slice(outcomes.length)) {
    outcomes.push({ id, accepted: false, status: 0, error, permanent: false });
  }
  return outcomes;
}
