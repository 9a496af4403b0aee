import { unreachable } from "../../shared/errors/errors.ts";
import type { HoldView } from "../../shared/model/snapshot.ts";

/** Why a message is held, and what ends it by itself. */
export function whyHeld(hold: HoldView): string {
  switch (hold.reason) {
    case "session_not_live":
      return `${hold.agentName} has no live session ${hold.toSession ?? "of that label"}: it is delivered when a session takes that label.`;
    case "no_session_live":
      return `${hold.agentName} has no live session: it is delivered when one starts.`;
    default:
      return unreachable(hold.reason);
  }
}
