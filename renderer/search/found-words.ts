import type { FoundMessage } from "../../shared/model/mail.ts";
import type { Place } from "../../shared/model/place.ts";

/** Whether it went out from where it was found, rather than came in. */
export function isSent({ message, label }: FoundMessage): boolean {
  if (message.direction === "local") return message.fromSession === label;
  return message.direction === "out";
}

/** Whose mail it is, and what became of it. */
export function placeWords({ agentName, label, place }: FoundMessage, namesAgent: boolean): string {
  const whose = [...(namesAgent ? [agentName] : []), ...(label === null ? [] : [label])].join(
    " / ",
  );
  switch (place) {
    case "inbox":
      return whose;
    case "sent":
      return label === null ? `${agentName}, sent by you` : `${whose}, sent`;
    case "held":
      return `Held by ${agentName}`;
    case "discarded":
      return `Discarded from ${agentName}`;
    case "none":
      return `${agentName}, in no session's inbox`;
  }
}

/** Where it can be looked at among its neighbours; null where it has none. */
export function placeOf({ agentId, label, place, message }: FoundMessage): Place | null {
  if (place === "held" || place === "discarded") {
    return { view: "unrouted", list: place, agentId, seq: message.seq };
  }
  if (label === null) return null;
  return { view: "session", agentId, label, message: message.id, seq: message.seq };
}
