import { z } from "zod";
import type { ContactEdge, RelayStore } from "../store/store.ts";
import { accepted, blocked, contactOf, removed, requested, unblocked } from "./contact-rules.ts";
import { HttpError } from "./http-error.ts";
import { cryptoIdFrom, type RouteParts, read } from "./request.ts";
import { idIn, NO_CONTENT, ok, type RelayRequest, type Route } from "./route.ts";

const page = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  offset: z.coerce.number().int().min(0).default(0),
});

/** Requests of one agent that nobody answered yet, those that wait for one agent, and contacts at all. */
const MAX_OUTGOING = 200;
const MAX_INCOMING = 1000;
const MAX_CONTACTS = 5000;

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
  if (rule === requested && !(await store.contact(self, other))) {
    await requireRoom(store, self, other);
  }
  let before: string | undefined;
  const edge = await store.changeContact(self, other, (current) => {
    before = current?.status;
    return rule(current, act);
  });
  if (edge?.status !== before && rule !== blocked) await ring(other, { for: "contacts" });
  return edge && contactOf(edge);
}

/** A stranger's requests are the one thing that reaches an agent unasked: they have an end. */
async function requireRoom(store: RelayStore, self: string, other: string): Promise<void> {
  const [own, theirs] = await Promise.all([store.contactsOf(self), store.contactsOf(other)]);
  const outgoing = own.filter((one) => one.status === "pending" && one.requester === self);
  const incoming = theirs.filter((one) => one.status === "pending" && one.addressee === other);
  if (
    outgoing.length < MAX_OUTGOING &&
    incoming.length < MAX_INCOMING &&
    Math.max(own.length, theirs.length) < MAX_CONTACTS
  ) {
    return;
  }
  const options = { code: "contact_limit", retryAfter: 3600 };
  throw new HttpError(429, "too many contact requests", options);
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
