import type { HoldReason } from "../../../shared/model/snapshot.ts";
import type { UnansweredRow } from "../../vault/answer-table.ts";
import { CLAIMABLE } from "../triage-calls.ts";

/** Mail in an inbox is its session's to answer for this long, in ms (rule X1). */
const UNREAD_MS = 120_000;
/** An agent counts as alone when no session was live for this long, in ms: they come back by themselves. */
const ALONE_MS = 30_000;
/** What is older is answered by a person or a session, or not at all, in ms. */
export const STALE_MS = 24 * 3600 * 1000;

/** Whether and when a message is answered automatically. */
export type Eligibility =
  | { readonly kind: "from"; readonly at: number }
  /** Not as things are: a person decides about it, or a session is there to take it. */
  | { readonly kind: "not_now" }
  | { readonly kind: "never"; readonly why: "automatic" | "answered" | "read" | "gone" | "stale" };

/** @param aloneSince when the last session ended, ms; null while one is live */
export function eligibility(
  row: UnansweredRow,
  { now, aloneSince }: { now: number; aloneSince: number | null },
): Eligibility {
  if (row.auto === 1) return { kind: "never", why: "automatic" };
  if (row.is_answered === 1) return { kind: "never", why: "answered" };
  if (row.is_read === 1) return { kind: "never", why: "read" };
  if (now - row.at > STALE_MS) return { kind: "never", why: "stale" };
  if (row.inbox_at !== null) return { kind: "from", at: row.inbox_at + UNREAD_MS };
  if (row.held_at === null) return { kind: "never", why: "gone" };
  // What waits for the person's word is not answered in their stead.
  if (aloneSince === null || !CLAIMABLE.has(row.held_reason as HoldReason)) {
    return { kind: "not_now" };
  }
  return { kind: "from", at: Math.max(row.held_at, aloneSince + ALONE_MS) };
}
