import { unreachable } from "../../shared/errors/errors.ts";
import type { Foresight } from "../../shared/model/draft.ts";
import { shortId } from "../ui/format.ts";

export interface Expectation {
  readonly tone: "good" | "wait" | "bad";
  /** What happens, as one sentence. */
  readonly text: string;
  /** What else is to be known before sending. */
  readonly more: readonly string[];
}

/** What will happen to the message, in words (rule U6); nothing that is not known is promised. */
export function expectation(foresight: Foresight, toSession: string | null): Expectation {
  const name = foresight.toName ?? shortId(foresight.to);
  const ways = waysThere(foresight, name);
  if (ways.tone === "bad") return ways;
  const there = arrival(foresight, name, toSession);
  return {
    tone: ways.tone === "wait" ? "wait" : there.tone,
    text: there.text,
    more: [...ways.more, ...there.more],
  };
}

/** Relay and contact: what stands before the other side has it. */
function waysThere(foresight: Foresight, name: string): Expectation {
  if (foresight.via === "local") return { tone: "good", text: "", more: [] };
  const more: string[] = [];
  switch (foresight.contact) {
    case "blocked":
      return {
        tone: "bad",
        text: `${name} and this agent do not exchange mail: one has blocked the other.`,
        more: ["End the block in Contacts if it is yours."],
      };
    case "none":
      more.push(`${name} is no contact yet: sending asks for it, and the message waits for a yes.`);
      break;
    case "removed":
      more.push(
        `You removed or declined ${name}: the message waits until you ask for it in Contacts.`,
      );
      break;
    case "pending":
      more.push(`The contact request is not answered yet: the message waits for a yes.`);
      break;
    case "accepted":
    case "unknown":
      break;
    default:
      unreachable(foresight.contact);
  }
  if (foresight.relay !== "online")
    more.push("The relay is not reached: it waits here until then.");
  return { tone: more.length > 0 ? "wait" : "good", text: "", more };
}

function arrival(foresight: Foresight, name: string, toSession: string | null): Expectation {
  const { place } = foresight;
  switch (place.kind) {
    case "inbox":
      return {
        tone: "good",
        text: `It reaches ${place.sessions.map((one) => `${name} / ${one.label}`).join(", ")}.`,
        more: place.sessions.map(({ label, state }) => stateWords(label, state)),
      };
    case "held":
      return { tone: "wait", text: heldWords(name, place), more: [] };
    case "dropped":
      return {
        tone: "bad",
        text: `${name} takes no such mail: by your rules it is dropped, and you are told.`,
        more: ["Name a session, or change the rules in Settings and Contacts."],
      };
    case "unknown":
      return {
        tone: "good",
        text: toSession
          ? `It goes to ${name}, for the session ${toSession}.`
          : `It goes to ${name}, which decides the session.`,
        more: ["Which session takes it is known once it is there: the ladder shows it."],
      };
    default:
      return unreachable(place);
  }
}

function stateWords(label: string, state: "working" | "idle" | "waiting"): string {
  switch (state) {
    case "working":
      return `${label} is working: it meets the message in this turn or at its end.`;
    case "idle":
      return `${label} is idle: it meets the message when it is woken or next prompted.`;
    case "waiting":
      return `${label} waits for you: it meets the message once you answered it.`;
    default:
      return unreachable(state);
  }
}

function heldWords(
  name: string,
  { reason, toSession }: Extract<Foresight["place"], { kind: "held" }>,
): string {
  switch (reason) {
    case "session_not_live":
    case "session_ended":
      return `${name} holds it until the session ${toSession ?? "it is for"} is live.`;
    case "no_session_live":
      return `${name} holds it: no session of it is live. The next one gets it.`;
    case "policy_hold":
      return `${name} holds it: your rules hold mail from this agent.`;
    case "ask_first":
      return `${name} holds it and asks you first: so your rules say.`;
    case "quiet_hours":
      return `${name} holds it until its quiet hours end.`;
    case "paused":
      return `${name} holds it: delivery is paused.`;
    default:
      return unreachable(reason);
  }
}
