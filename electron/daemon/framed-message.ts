import type { FramedMessage } from "../../shared/framing/frame.ts";
import type { SenderNote } from "../../shared/model/sender-note.ts";
import { contactNote } from "../vault/contact-table.ts";
import { handleOf } from "../vault/handle-table.ts";
import { isVerified } from "../vault/verified-table.ts";
import type { Agent } from "./agent.ts";
import { type OfferedRow, receivedMessageOf } from "./mailroom.ts";

/** A person's name for another agent of theirs; null for everybody else's. */
export type NameOf = (cryptoId: string) => string | null;

/** A received message with all that its frame says of it. */
export function framedMessageOf(agent: Agent, nameOf: NameOf, row: OfferedRow): FramedMessage {
  return { ...receivedMessageOf(row), ...senderNote(agent, nameOf, row.peer) };
}

/** What this machine knows of whoever wrote to `agent`. */
export function senderNote(agent: Agent, nameOf: NameOf, cryptoId: string): SenderNote {
  return {
    fromName: senderName(agent, nameOf, cryptoId),
    contact: contactOf(agent, nameOf, cryptoId),
    verified: isVerified(agent.vault, cryptoId),
  };
}

export function senderName(agent: Agent, nameOf: NameOf, cryptoId: string): string | null {
  return nameOf(cryptoId) ?? handleOf(agent.vault, cryptoId);
}

export function contactOf(agent: Agent, nameOf: NameOf, cryptoId: string): SenderNote["contact"] {
  if (cryptoId === agent.identity.cryptoId) return "own_session";
  if (nameOf(cryptoId) !== null) return "own_agent";
  return contactNote(agent.vault, cryptoId) === "removed" ? "removed" : "contact";
}
