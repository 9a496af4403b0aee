import { setTimeout as pause } from "node:timers/promises";
import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";

/** Longer than a cluster needs to choose another leader, shorter than a client waits for an answer. */
const PATIENCE_MS = 15_000;
const LONGEST_PAUSE_MS = 400;

/** What asking again does not change. */
const LASTING = [
  errors.ClosedConnectionError,
  errors.DrainingConnectionError,
  errors.AuthorizationError,
];

/** Nobody stored it, or nobody said so: asking again may help. The server answers 503. */
export class StoreUnavailable extends Error {
  readonly code = "store_unavailable";

  constructor(cause: unknown) {
    super("the relay's storage does not answer", { cause });
  }
}

/**
 * Asks until the cluster answers: a node that dies takes its leaderships with it for some seconds. An
 * attempt that failed may have been carried out all the same, so `ask` is told which one it is (from
 * 0). What the cluster refuses is thrown as it is.
 */
export async function reliably<T>(ask: (attempt: number) => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask(attempt);
    } catch (error) {
      if (!mayPass(error)) throw error;
      if (performance.now() > deadline) throw new StoreUnavailable(error);
    }
    await pause(Math.min(LONGEST_PAUSE_MS, 20 * 2 ** attempt));
  }
}

/** A key's last revision is not the one that was read: somebody else was first. */
export function isConflict(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence
  );
}

/** What should be deleted is gone. */
export function isGone(error: unknown): boolean {
  return error instanceof JetStreamApiError && [10037, 10043, 10057].includes(error.code);
}

/** As long as a cluster starts, its leader knows too few nodes to place anything on, and says 400. */
const NO_PEERS_YET = 10005;
/**
 * Newer servers refuse so what comes while another write of the same key, or of the same message id, is
 * not on enough nodes yet. That one may still come to nothing: only once it is over is there an answer.
 */
const UNDER_WAY = [JetStreamApiCodes.StreamWrongLastSequenceUnknown, 10158];

function mayPass(error: unknown): boolean {
  if (error instanceof JetStreamApiError) {
    return error.status === 503 || error.code === NO_PEERS_YET || UNDER_WAY.includes(error.code);
  }
  return !LASTING.some((kind) => error instanceof kind);
}
