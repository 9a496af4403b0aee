import { unreachable } from "../../shared/errors/errors.ts";
import type { ActivityKind, ActivityView } from "../../shared/model/activity.ts";
import { shortId } from "../ui/format.ts";

/** Kinds by what a person looks for. */
export const GROUPS: Readonly<Record<string, { text: string; kinds: readonly ActivityKind[] }>> = {
  all: { text: "Everything", kinds: [] },
  sent: { text: "Sent mail", kinds: ["sent", "ended"] },
  received: { text: "Received mail", kinds: ["delivered", "dropped"] },
  holds: { text: "Holds", kinds: ["held", "given", "claimed", "discarded", "undiscarded"] },
  contacts: { text: "Contacts and names", kinds: ["contact", "handle_changed"] },
  automatic: {
    text: "Automatic answers",
    kinds: ["auto_answered", "auto_failed", "autorespond"],
  },
  repairs: { text: "Repairs and leases", kinds: ["repair_asked", "repair_answered", "lease"] },
};

const REASONS: Readonly<Record<string, string>> = {
  session_not_live: "the session it is for is not live",
  no_session_live: "no session is live",
  session_ended: "the session ended before it read it",
  policy_hold: "your rules hold this sender's mail",
  ask_first: "your rules ask you first",
  quiet_hours: "it came in quiet hours",
  paused: "delivery is paused",
  hold_over: "what held it is over",
  session_changed: "the session it was with ended",
  had_already: "it had it before it was held",
};
const SWITCHED: Readonly<Record<string, string>> = {
  on: "Automatic answers were turned on",
  off: "Automatic answers were turned off",
  stopped: "Automatic answers were stopped",
};
const CONTACT: Readonly<Record<string, string>> = {
  asked: "Asked to be a contact of",
  accepted: "Is a contact of",
  declined: "Contact was declined by",
  removed: "No contact any more of",
};

/** One line of the report: what was done, and why. */
export function activityWords(one: ActivityView): string {
  const peer = one.peerName ?? (one.peer === null ? "somebody" : nameOf(one.peer));
  const why = one.why === null ? "" : (REASONS[one.why] ?? one.why);
  const because = why === "" ? "" : `: ${why}`;
  const label = one.label ?? "any session";
  switch (one.kind) {
    case "sent":
      return `Took a message to ${peer} for sending`;
    case "ended":
      return `A message to ${peer} ended as ${one.why}`;
    case "delivered":
      return `Delivered mail of ${peer} to ${label}${because}`;
    case "held":
      return `Held mail of ${peer} for ${label}${because}`;
    case "dropped":
      return `Dropped mail of ${peer}: nobody gets it by your rules`;
    case "given":
      return `You gave mail of ${peer} to ${label}`;
    case "claimed":
      return `${label} took held mail of ${peer}`;
    case "discarded":
      return `You discarded held mail of ${peer}`;
    case "undiscarded":
      return `You took the discarding of mail of ${peer} back`;
    case "repair_asked":
      return `Could not decrypt mail of ${peer}, and asked for it again`;
    case "repair_answered":
      return `${peer} could not decrypt, so mail to it goes out again`;
    case "contact":
      return `${CONTACT[one.why ?? ""] ?? "Contact changed with"} ${peer}`;
    case "handle_changed":
      return `${peer} means another agent: nothing is sent to it until you decide`;
    case "lease":
      return one.why === "elsewhere"
        ? "Another machine took the mailbox: nothing is sent or fetched here"
        : "This machine drains the mailbox";
    case "auto_answered":
      return `Answered mail of ${peer} automatically for ${label}`;
    case "auto_failed":
      return `Could not answer mail of ${peer} automatically: see Settings`;
    case "autorespond":
      return SWITCHED[one.why ?? ""] ?? "Automatic answers were changed";
    case "imported":
      return "Took over data of this agent from elsewhere";
    default:
      return unreachable(one.kind);
  }
}

/** The report to hand on: times, ids and reasons, without a message's text or a key. */
export function activityReport(rows: readonly ActivityView[]): string {
  return rows
    .map((one) =>
      [one.at, one.agentName, one.kind, one.peer, one.label, one.message, one.why]
        .map((part) => part ?? "-")
        .join("\t"),
    )
    .join("\n");
}

function nameOf(peer: string): string {
  return peer.startsWith("@") ? peer : shortId(peer);
}
