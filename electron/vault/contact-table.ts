import { z } from "zod";
import { lazily } from "../../shared/lazily.ts";
import { setting, writeSetting } from "./policy-table.ts";
import type { VaultReader } from "./vault.ts";

/**
 * What this agent did about a contact by itself or was told to (rule C1). Without it, one refusal too
 * many would ask again what was declined, and the next start would undo a removal. Changes run inside
 * `Vault.write` only.
 *
 * `asked`: a message was refused and one request sent. `declined`: that request is gone and no contact
 * came of it. `removed`: a person or session removed or blocked the other.
 */
export type ContactNote = "asked" | "declined" | "removed";

export function contactNote(vault: VaultReader, peer: string): ContactNote | null {
  const row = vault
    .sql("SELECT note FROM contact_note WHERE peer = ?")
    .get<{ note: ContactNote }>([peer]);
  return row?.note ?? null;
}

/** Null forgets. */
export function setContactNote(
  vault: VaultReader,
  peer: string,
  note: ContactNote | null,
  at: number,
): void {
  if (note === null) vault.sql("DELETE FROM contact_note WHERE peer = ?").run([peer]);
  else {
    vault
      .sql("INSERT OR REPLACE INTO contact_note (peer, note, at) VALUES (?, ?, ?)")
      .run([peer, note, at]);
  }
}

export function askedPeers(vault: VaultReader): string[] {
  return vault
    .sql("SELECT peer FROM contact_note WHERE note = 'asked'")
    .all<{ peer: string }>()
    .map((row) => row.peer);
}

/** Whom this agent blocks, the last one first. */
export function blockedPeers(vault: VaultReader): { peer: string; at: number }[] {
  return vault
    .sql("SELECT peer, at FROM blocked_peer ORDER BY at DESC, peer")
    .all<{ peer: string; at: number }>();
}

/** @param at null ends it */
export function markBlocked(vault: VaultReader, peer: string, at: number | null): void {
  if (at === null) vault.sql("DELETE FROM blocked_peer WHERE peer = ?").run([peer]);
  else vault.sql("INSERT OR REPLACE INTO blocked_peer (peer, at) VALUES (?, ?)").run([peer, at]);
}

/** Contacts, and requests either way: cryptoIds, in the relay's order. */
const shapes = lazily({
  book: () =>
    z.object({
      accepted: z.array(z.string()),
      incoming: z.array(z.string()),
      outgoing: z.array(z.string()),
    }),
});
export type ContactBook = z.infer<typeof shapes.book>;

const KNOWN = "contacts_known";
const NOBODY: ContactBook = { accepted: [], incoming: [], outgoing: [] };

/** What the relay said last of this agent's contacts; nobody where it was never asked. */
export function knownContacts(vault: VaultReader): ContactBook {
  const known = setting(vault, KNOWN);
  return known === null ? NOBODY : shapes.book.parse(JSON.parse(known));
}

export function keepContacts(vault: VaultReader, book: ContactBook): void {
  writeSetting(vault, KNOWN, JSON.stringify(book));
}

/** Another relay knows nothing of contacts and requests that were made at the former one. */
export function forgetAsked(vault: VaultReader): void {
  vault.sql("DELETE FROM contact_note WHERE note = 'asked'").run();
  keepContacts(vault, NOBODY);
}
