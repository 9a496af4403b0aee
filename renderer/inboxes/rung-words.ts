import type { Rung } from "../../shared/model/ladder.ts";

/** A sent message's rung in a word, and what exactly is known then (rule D6). */
export const RUNG_WORDS: Record<Rung, { word: string; meaning: string }> = {
  queued: { word: "Queued", meaning: "Stored here; the relay has not taken it yet" },
  relayed: { word: "Relayed", meaning: "The relay has it; the other side has not fetched it yet" },
  received: { word: "Received", meaning: "The other side's tinyplace has stored it" },
  held: { word: "Held", meaning: "It arrived and waits there until a session can take it" },
  inbox: { word: "In inbox", meaning: "It is in the other session's inbox, unread" },
  pushed: { word: "Pushed", meaning: "It was offered to the other session" },
  read: { word: "Read", meaning: "A tool or hook returned it to the other session" },
  seen: { word: "Seen", meaning: "It stands in the other session's transcript" },
  answered: { word: "Answered", meaning: "The other session has answered it" },
  failed: { word: "Failed", meaning: "It was not delivered" },
  expired: { word: "Expired", meaning: "The relay did not take it within 7 days" },
  refused: { word: "Refused", meaning: "The relay or the other side does not take it" },
  cancelled: { word: "Cancelled", meaning: "It was taken back before it left this machine" },
};
