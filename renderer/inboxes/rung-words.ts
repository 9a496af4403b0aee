import type { Rung } from "../../shared/model/snapshot.ts";

/** A sent message's rung in a word, and what exactly is known then (rule D6). */
export const RUNG_WORDS: Record<Rung, { word: string; meaning: string }> = {
  queued: { word: "Queued", meaning: "Stored here; the relay has not taken it yet" },
  relayed: { word: "Relayed", meaning: "The relay has it; the other side has not fetched it yet" },
  held: { word: "Held", meaning: "It arrived and waits there until a session can take it" },
  inbox: { word: "In inbox", meaning: "It is in the other session's inbox, unread" },
  read: { word: "Read", meaning: "The other session has read it" },
  answered: { word: "Answered", meaning: "The other session has answered it" },
  failed: { word: "Failed", meaning: "It was not delivered" },
};
