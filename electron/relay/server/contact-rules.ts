import type { ContactEdge } from "../store/store.ts";
import type { ContactRow } from "../wire.ts";
import { HttpError } from "./http-error.ts";

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

/** The edge as the wire knows it. */
export function contactOf({ blockers: _kept, ...contact }: ContactEdge): ContactRow {
  return contact;
}

function blockersOf(edge: ContactEdge): readonly string[] {
  return edge.blockers ?? (edge.blockedBy ? [edge.blockedBy] : []);
}
