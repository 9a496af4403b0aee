import type { ContactEdge } from "../store/store.ts";
import type { ContactRow } from "../wire.ts";
import { HttpError } from "./http-error.ts";

/** Requests of one agent that nobody answered yet. */
const MAX_OUTGOING = 200;
/** Requests that wait for one agent. */
const MAX_INCOMING = 1000;
/** Contacts of one agent, with the requests that wait for it and its own blocks. */
const MAX_CONTACTS = 5000;

/**
 * What an agent may make of what stands between it and another (network.md part 1, section 6). Pure:
 * null is «nothing stands between them». `at` is an ISO time. Refusals are HttpErrors.
 */
interface Act {
  readonly self: string;
  readonly other: string;
  readonly at: string;
}

/** Idempotent; a request that meets the other side's own is an acceptance. */
export function requested(current: ContactEdge | null, { self, other, at }: Act): ContactEdge {
  if (self === other) throw new HttpError(400, "an agent is no contact of itself");
  if (current?.status === "blocked") throw new HttpError(403, "blocked");
  if (!current) {
    return { requester: self, addressee: other, status: "pending", createdAt: at, updatedAt: at };
  }
  if (current.status === "accepted" || current.requester === self) return current;
  return { ...current, status: "accepted", updatedAt: at };
}

export function accepted(current: ContactEdge | null, { self, at }: Act): ContactEdge {
  if (current?.status === "accepted") return current;
  if (current?.status !== "pending" || current.addressee !== self) {
    throw new HttpError(404, "no pending request from this agent");
  }
  return { ...current, status: "accepted", updatedAt: at };
}

/** Declines, cancels or removes. A block by the other side stays; one's own goes. */
export function removed(current: ContactEdge | null, act: Act): ContactEdge | null {
  if (current?.status !== "blocked") return null;
  if (!blockersOf(current).includes(act.self)) throw new HttpError(403, "blocked");
  return unblocked(current, act);
}

export function blocked(current: ContactEdge | null, { self, other, at }: Act): ContactEdge {
  if (self === other) throw new HttpError(400, "an agent cannot block itself");
  const blockers = [...new Set([...(current ? blockersOf(current) : []), self])];
  return {
    requester: current?.requester ?? self,
    addressee: current?.addressee ?? other,
    status: "blocked",
    blockedBy: blockers[0] as string,
    blockers,
    createdAt: current?.createdAt ?? at,
    updatedAt: at,
  };
}

/** Ends one's own block; when both blocked, the other's stays. Nothing else is touched. */
export function unblocked(current: ContactEdge | null, { self, at }: Act): ContactEdge | null {
  if (current?.status !== "blocked") return current;
  const blockers = blockersOf(current).filter((one) => one !== self);
  if (!blockers[0]) return null;
  return { ...current, blockedBy: blockers[0], blockers, updatedAt: at };
}

/**
 * Refuses an edge that would be made out of nothing, by its requester. A stranger's requests are the
 * one thing that reaches an agent unasked: they have an end. A block reaches nobody, so it takes room
 * of its maker alone.
 */
export function requireRoom(
  edge: ContactEdge,
  own: readonly ContactEdge[],
  theirs: readonly ContactEdge[],
): void {
  const { requester: self, addressee: other, status } = edge;
  const isPending = (one: ContactEdge) => one.status === "pending";
  const outgoing = own.filter((one) => isPending(one) && one.requester === self).length;
  const incoming = theirs.filter((one) => isPending(one) && one.addressee === other).length;
  const mayAsk =
    outgoing < MAX_OUTGOING && incoming < MAX_INCOMING && taken(theirs, other) < MAX_CONTACTS;
  if (taken(own, self) < MAX_CONTACTS && (status === "blocked" || mayAsk)) return;
  const options = { code: "contact_limit", retryAfter: 3600 };
  throw new HttpError(429, "too many contacts, requests or blocks", options);
}

/** What the agent agreed to, or can end by itself: others' blocks, which it cannot, take no room. */
function taken(edges: readonly ContactEdge[], agent: string): number {
  return edges.filter((one) => {
    if (one.status === "blocked") return blockersOf(one).includes(agent);
    return one.status === "accepted" || one.addressee === agent;
  }).length;
}

/** The edge as the wire knows it. */
export function contactOf({ blockers: _kept, ...contact }: ContactEdge): ContactRow {
  return contact;
}

function blockersOf(edge: ContactEdge): readonly string[] {
  return edge.blockers ?? (edge.blockedBy ? [edge.blockedBy] : []);
}
