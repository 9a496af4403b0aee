import { automaticNumber, compareLabels } from "../../shared/labels/labels.ts";
import type { HoldReason } from "../../shared/model/snapshot.ts";

/** Where a message goes (rules R1-R7): a pure function of the message, who is live, and the rules. */
export type RoutingPolicy = "primary" | "broadcast" | "drop";

/** What a person decided about mail of this sender for a session (rule R5). */
export type Gate = "deliver" | "hold" | "ask" | "quiet" | "refuse";

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
  /** The session that a person gave it to, past routing and rules; null: they gave it to none. */
  readonly releasedTo: string | null;
}

export interface RoutingRules {
  readonly policy: RoutingPolicy;
  /** A person made it: mail from outside is received and held, nothing is handed out (rule U1). */
  readonly paused: boolean;
  /** Mail for a label that is not live goes to another one (rule R3). */
  readonly redirect: (label: string) => string | null;
  readonly gate: (label: string | null) => Gate;
}

export type Placement =
  | { readonly kind: "deliver"; readonly labels: readonly string[] }
  | { readonly kind: "hold"; readonly toSession: string | null; readonly reason: HoldReason }
  /** Nobody gets it: by the policy for untargeted mail, or because this sender's is refused. */
  | { readonly kind: "drop" };

const GATE_REASONS = {
  hold: "policy_hold",
  ask: "ask_first",
  quiet: "quiet_hours",
} as const satisfies Partial<Record<Gate, HoldReason>>;

export function place(
  message: Routable,
  live: readonly LiveLabel[],
  rules: RoutingRules,
): Placement {
  if (rules.paused) return { kind: "hold", toSession: message.toSession, reason: "paused" };
  if (message.releasedTo !== null) return toLabel(message.releasedTo, live, null);
  const placement =
    askerPlacement(message, live) ??
    (message.toSession === null
      ? untargeted(message, live, rules.policy)
      : toLabel(message.toSession, live, rules));
  return gated(placement, message, rules);
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
  return label !== null && message.toSession === null ? toLabel(label, live, null) : null;
}

function toLabel(label: string, live: readonly LiveLabel[], rules: RoutingRules | null): Placement {
  const isLive = (wanted: string | null) => live.some((one) => one.label === wanted);
  if (isLive(label)) return { kind: "deliver", labels: [label] };
  const other = rules?.redirect(label) ?? null;
  if (other !== null && isLive(other)) return { kind: "deliver", labels: [other] };
  return { kind: "hold", toSession: label, reason: "session_not_live" };
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

/** What a person decided stands before what routing found. */
function gated(placement: Placement, message: Routable, rules: RoutingRules): Placement {
  if (placement.kind === "drop") return placement;
  const labels = placement.kind === "deliver" ? placement.labels : [placement.toSession];
  const open = labels.filter((label) => rules.gate(label) === "deliver");
  if (open.length === labels.length) return placement;
  if (open.length > 0) return { kind: "deliver", labels: open as string[] };
  const gates = labels.map((label) => rules.gate(label));
  const held = gates.find((gate) => gate !== "refuse" && gate !== "deliver");
  if (!held) return { kind: "drop" };
  const reason = GATE_REASONS[held as keyof typeof GATE_REASONS];
  return { kind: "hold", toSession: message.toSession, reason };
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
