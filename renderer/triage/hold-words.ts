import { unreachable } from "../../shared/errors/errors.ts";
import type { HoldView } from "../../shared/model/snapshot.ts";

/** Why a message is held, and what ends it by itself. */
export function whyHeld(hold: HoldView): string {
  switch (hold.reason) {
    case "session_not_live":
      return `${hold.agentName} has no live session ${hold.toSession ?? "of that label"}: it is delivered when a session takes that label.`;
    case "no_session_live":
      return `${hold.agentName} has no live session: it is delivered when one starts.`;
    case "session_ended":
      return `The session ${hold.toSession ?? "it was for"} ended before it read this: it is delivered when that session comes back.`;
    case "policy_hold":
      return "You decided that this sender's mail is held: it waits until you give it to a session.";
    case "ask_first":
      return "You decided to be asked first about this sender's mail: it waits until you give it to a session.";
    case "quiet_hours":
      return "It came in quiet hours: it is delivered when they end.";
    case "paused":
      return "Delivery is paused: it goes on when you resume it.";
    default:
      return unreachable(hold.reason);
  }
}
