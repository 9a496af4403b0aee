import { automaticNumber, compareLabels } from "../../shared/labels/labels.ts";
import type { HoldReason } from "../../shared/model/snapshot.ts";

/** Where a message goes (rules R1, R2, R4, R6, R7): a pure function of the message and who is live. */
export type RoutingPolicy = "primary" | "broadcast" | "drop";

export interface LiveLabel {
  readonly label: string;
  readonly harnessSessionId: string | null;
}

export interface Routable {
  readonly toSession: string | null;
  /** For an answer to mail of ours: the session that asked. */
  readonly asker: {
    readonly harnessSessionId: string | null;
    readonly label: string | null;
  } | null;
  /** For mail between sessions of one agent: the sender, to whom its own mail is not given back. */
  readonly localSender: string | null;
}

export type Placement =
  | { readonly kind: "deliver"; readonly labels: readonly string[] }
  | { readonly kind: "hold"; readonly toSession: string | null; readonly reason: HoldReason }
  | { readonly kind: "drop" };

export function place(
  message: Routable,
  live: readonly LiveLabel[],
  policy: RoutingPolicy,
): Placement {
  const asker = askerPlacement(message, live);
  if (asker) return asker;
  if (message.toSession !== null) return toLabel(message.toSession, live);
  return untargeted(message, live, policy);
}

/** Mail follows the session, not the number: an answer goes to who asked, whatever its label now. */
function askerPlacement(message: Routable, live: readonly LiveLabel[]): Placement | null {
  const asked = message.asker?.harnessSessionId ?? null;
  if (asked !== null) {
    const session = live.find((one) => one.harnessSessionId === asked);
    if (session) return { kind: "deliver", labels: [session.label] };
    const toSession = message.toSession ?? message.asker?.label ?? null;
    return { kind: "hold", toSession, reason: "session_not_live" };
  }
  const label = message.asker?.label ?? null;
  return label !== null && message.toSession === null ? toLabel(label, live) : null;
}

function toLabel(label: string, live: readonly LiveLabel[]): Placement {
  return live.some((one) => one.label === label)
    ? { kind: "deliver", labels: [label] }
    : { kind: "hold", toSession: label, reason: "session_not_live" };
}

function untargeted(
  message: Routable,
  live: readonly LiveLabel[],
  policy: RoutingPolicy,
): Placement {
  const labels = live
    .map((one) => one.label)
    .filter((label) => label !== message.localSender)
    .sort(byPriority);
  if (policy === "drop") return { kind: "drop" };
  if (labels.length === 0) return { kind: "hold", toSession: null, reason: "no_session_live" };
  return { kind: "deliver", labels: policy === "broadcast" ? labels : labels.slice(0, 1) };
}

/** Automatic labels by number first, a person's own names after them. */
function byPriority(a: string, b: string): number {
  const left = automaticNumber(a);
  const right = automaticNumber(b);
  if (left !== null && right !== null) return left - right;
  if (left !== null) return -1;
  if (right !== null) return 1;
  return compareLabels(a, b);
}
