import type { ContactState, FramedMessage } from "../../shared/framing/frame.ts";
import { contactNote } from "../vault/contact-table.ts";
import { handleOf } from "../vault/handle-table.ts";
import type { MessageRow } from "../vault/mail-table.ts";
import type { Agent } from "./agent.ts";
import { type OfferedRow, receivedMessageOf } from "./mailroom.ts";

/** A person's name for another agent of theirs; null for everybody else's. */
export type NameOf = (cryptoId: string) => string | null;

/** A received message with all that its frame says of it. */
export function framedMessageOf(agent: Agent, nameOf: NameOf, row: OfferedRow): FramedMessage {
  return {
    ...receivedMessageOf(row),
    fromName: senderName(agent, nameOf, row.peer),
    contact: contactOf(agent, nameOf, row),
  };
}

export function senderName(agent: Agent, nameOf: NameOf, cryptoId: string): string | null {
  return nameOf(cryptoId) ?? handleOf(agent.vault, cryptoId);
}

export function contactOf(agent: Agent, nameOf: NameOf, row: MessageRow): ContactState {
  if (row.direction === "local") return "own_session";
  if (nameOf(row.peer) !== null) return "own_agent";
  return contactNote(agent.vault, row.peer) === "removed" ? "removed" : "contact";
}
