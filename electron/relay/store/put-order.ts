import type { Delivery, StoredOutcome } from "./store.ts";

/**
 * The envelopes of one call in the order of their sender. What a mailbox has no room for waits, and so
 * do the sender's later ones, even where they would fit or room came meanwhile: else they would
 * overtake it (rule R6). One that is known already went before, and stays `known`.
 */
export class PutOrder {
  private readonly waiting = new Set<string>();

  /** An earlier one of this sender waits for room in this mailbox. */
  mustWait(delivery: Delivery): boolean {
    return this.waiting.size > 0 && this.waiting.has(pairOf(delivery));
  }

  /** Takes down what became of one, and gives it back. */
  noted(delivery: Delivery, outcome: StoredOutcome): StoredOutcome {
    if (outcome === "full") this.waiting.add(pairOf(delivery));
    return outcome;
  }
}

/** CryptoIds hold no newline. */
function pairOf({ mailbox, sender }: Delivery): string {
  return `${mailbox}\n${sender}`;
}
