import { isLabel } from "../../shared/labels/labels.ts";
import { publicKeyOf } from "../../shared/model/address.ts";
import type { Place } from "../../shared/model/place.ts";
import { SCHEME } from "./link-words.ts";

const MAX_LENGTH = 400;
const PLAIN = ["unrouted", "contacts", "drafts", "activity", "settings", "search"] as const;
const CRYPTO_ID = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const MESSAGE_ID = /^[\w.:-]{1,128}$/;

/**
 * The place that a `tinyplace://` link names; null for anything else. Whoever can put a link before a
 * person wrote it, so a link leads to a place and never does anything there.
 *
 * `tinyplace://unrouted` (contacts, drafts, activity, settings, search), `tinyplace://agent/CRYPTOID`,
 * `tinyplace://session/CRYPTOID/LABEL` and the same with a message's id behind it.
 */
export function placeOfLink(link: string): Place | null {
  if (link.length > MAX_LENGTH || !link.startsWith(`${SCHEME}://`)) return null;
  const rest = link.slice(SCHEME.length + 3).replace(/\/$/, "");
  const [view, agentId, label, message, ...more] = rest.split("/").map(decoded);
  if (more.length > 0) return null;
  const plain = PLAIN.find((one) => one === view);
  if (plain) return agentId === undefined ? { view: plain } : null;
  if (typeof agentId !== "string" || !CRYPTO_ID.test(agentId) || !publicKeyOf(agentId)) return null;
  if (view === "agent") return label === undefined ? { view, agentId } : null;
  if (view !== "session" || typeof label !== "string" || !isLabel(label)) return null;
  if (message === undefined) return { view, agentId, label };
  if (message === null || !MESSAGE_ID.test(message)) return null;
  return { view, agentId, label, message };
}

/** Null for what is no text in this encoding. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
