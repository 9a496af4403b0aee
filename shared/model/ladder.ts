import { z } from "zod";

/**
 * How far an outgoing message is known to have come (rule D6), lowest first; then the ways in which
 * it can end. No rung is claimed before it was seen, and none is taken back.
 *
 * `queued` committed here; `relayed` the relay has it; `received` the peer's daemon committed it;
 * `held` or `inbox` where that daemon put it; `pushed` offered by channel or hook; `read` a tool or
 * hook returned it to the model; `seen` it stands in that session's transcript; `answered`.
 */
const CLIMB = [
  "queued",
  "relayed",
  "received",
  "held",
  "inbox",
  "pushed",
  "read",
  "seen",
  "answered",
] as const;
const ENDS = ["failed", "expired", "refused", "cancelled"] as const;

export const rung = z.enum([...CLIMB, ...ENDS]);
export type Rung = z.infer<typeof rung>;

export const ladderStep = z.object({
  rung,
  /** ISO 8601 in UTC; for what the peer saw, by the peer's clock. */
  at: z.string(),
});
export type LadderStep = z.infer<typeof ladderStep>;

/** Nothing more can become known of it. */
export function isFinalRung(one: Rung): boolean {
  return one === "answered" || ENDS.some((end) => end === one);
}

/** The rung to show: how it ended if the peer never had it, else the highest that was reached. */
export function currentRung(steps: readonly LadderStep[]): Rung {
  const reached = new Set(steps.map((step) => step.rung));
  const highest = CLIMB.findLast((one) => reached.has(one)) ?? "queued";
  if (highest === "queued" || highest === "relayed") {
    return ENDS.find((one) => reached.has(one)) ?? highest;
  }
  // Refusing is what a peer's daemon does with what it received; the other ends came before that.
  return highest === "received" && reached.has("refused") ? "refused" : highest;
}
