import type { StoredOutcome } from "../store/store.ts";

/** What the server tells about itself; nothing of it names an agent. */
export interface RelayObserver {
  /** @param route as it was declared, never as it was asked for @param seconds until it was answered */
  answered(request: { method: string; route: string; status: number; seconds: number }): void;
  /** @param reason one of a fixed set of words */
  refused(reason: string): void;
  stored(outcome: StoredOutcome): void;
  /** Something of the relay's own went wrong. */
  failed(error: unknown): void;
}

export const SILENT: RelayObserver = {
  answered: () => undefined,
  refused: () => undefined,
  stored: () => undefined,
  failed: () => undefined,
};
