import { z } from "zod";
import type { ContactEdge } from "../store/store.ts";
import {
  accepted,
  blocked,
  contactOf,
  removed,
  requested,
  requireRoom,
  unblocked,
} from "./contact-rules.ts";
import { cryptoIdFrom, type RouteParts, read } from "./request.ts";
import { idIn, NO_CONTENT, ok, type RelayRequest, type Route } from "./route.ts";

const page = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  offset: z.coerce.number().int().min(0).default(0),
});

type Rule = typeof requested | typeof removed;

/** Who may write to whom (network.md part 1, section 6); the doorbell tells the other side. */
export function contactRoutes(parts: RouteParts): readonly Route[] {
  const { store } = parts;
  const changes = (path: string, rule: Rule): Route => ({
    method: "POST",
    path,
    handle: async (request) => ok(await change(parts, request, rule)),
  });
  return [
    {
      method: "GET",
      path: "/contacts",
      handle: async (request) => {
        const self = await request.signer();
        const edges = (await store.contactsOf(self)).filter((edge) => edge.status === "accepted");
        return ok({ contacts: views(edges, self, request) });
      },
    },
    {
      method: "GET",
      path: "/contacts/requests",
      handle: async (request) => {
        const self = await request.signer();
        const pending = (await store.contactsOf(self)).filter((edge) => edge.status === "pending");
        const incoming = pending.filter((edge) => edge.addressee === self);
        const outgoing = pending.filter((edge) => edge.requester === self);
        return ok({
          incoming: views(incoming, self, request),
          outgoing: views(outgoing, self, request),
        });
      },
    },
    {
      method: "GET",
      path: "/contacts/stats",
      handle: async (request) => {
        const self = await request.signer();
        const edges = await store.contactsOf(self);
        const pending = edges.filter((edge) => edge.status === "pending");
        return ok({
          agentId: self,
          contactCount: edges.filter((edge) => edge.status === "accepted").length,
          pendingIncoming: pending.filter((edge) => edge.addressee === self).length,
          pendingOutgoing: pending.filter((edge) => edge.requester === self).length,
        });
      },
    },
    {
      method: "GET",
      path: "/contacts/:id/status",
      handle: async (request) => {
        const self = await request.signer();
        const other = otherIn(request);
        const edge = await store.contact(self, other);
        if (!edge) return ok({ cryptoId: other, agentId: other, status: "none" });
        const { contact: _whole, ...status } = view(edge, self);
        return ok({ ...status, agentId: other });
      },
    },
    changes("/contacts/:id", requested),
    changes("/contacts/:id/accept", accepted),
    changes("/contacts/:id/block", blocked),
    {
      method: "POST",
      path: "/contacts/:id/unblock",
      handle: async (request) => {
        await change(parts, request, unblocked);
        return NO_CONTENT;
      },
    },
    {
      method: "DELETE",
      path: "/contacts/:id",
      handle: async (request) => {
        await change(parts, request, removed);
        return NO_CONTENT;
      },
    },
  ];
}

function otherIn(request: RelayRequest): string {
  return cryptoIdFrom(idIn(request));
}

async function change(parts: RouteParts, request: RelayRequest, rule: Rule) {
  const { store, clock, ring } = parts;
  const self = await request.signer();
  const other = otherIn(request);
  const act = { self, other, at: new Date(clock.now()).toISOString() };
  let before: string | undefined;
  const changed = (current: ContactEdge | null) => {
    before = current?.status;
    return rule(current, act);
  };
  const edge = await store.changeContact(self, other, changed, requireRoom);
  if (edge?.status !== before && rule !== blocked) await ring(other, { for: "contacts" });
  return edge && contactOf(edge);
}

function views(edges: readonly ContactEdge[], self: string, request: RelayRequest) {
  const { limit, offset } = read(page, request.query);
  return edges.slice(offset, offset + limit).map((edge) => view(edge, self));
}

function view(edge: ContactEdge, self: string) {
  return {
    cryptoId: edge.requester === self ? edge.addressee : edge.requester,
    status: edge.status,
    ...(edge.status === "pending" && {
      direction: edge.requester === self ? ("outgoing" as const) : ("incoming" as const),
    }),
    contact: contactOf(edge),
  };
}
