import { z } from "zod";
import { lazily } from "../lazily.ts";
import { assignmentScope, place } from "../model/assignment-scope.ts";

/** Calls about names and contacts. A peer is a @handle, a cryptoId or a base64 key. */
const peer = z.string().min(1).max(128);
const wallet = z.string().min(1).max(64);
const agentId = z.object({ agentId: z.string() });
const contact = z.object({ agentId: z.string(), status: z.string() });

export const contactCalls = {
  "contact.add": lazily({
    params: () => z.object({ to: peer }),
    result: () => z.object({ requested: z.object({ addressee: z.string(), status: z.string() }) }),
  }),
  "contact.accept": lazily({
    params: () => z.object({ from: peer }),
    result: () => z.object({ accepted: z.object({ requester: z.string(), status: z.string() }) }),
  }),
  /** Declines, takes back or ends; `status` is what stands between the two afterwards. */
  "contact.remove": lazily({
    params: () => z.object({ peer }),
    result: () => z.object({ removed: contact }),
  }),
  "contact.block": lazily({
    params: () => z.object({ peer }),
    result: () => z.object({ blocked: contact }),
  }),
  "contact.requests": lazily({
    params: () => z.object({}),
    result: () => z.object({ incoming: z.array(agentId), outgoing: z.array(agentId) }),
  }),
  "contact.list": lazily({
    params: () => z.object({}),
    result: () => z.object({ contacts: z.array(contact) }),
  }),
} as const;

/** Wallets go by their names; one that is not here any more by its address. */
export const assignmentCalls = {
  /** `scope` null: the nearest that the place has. Answered with its written form. */
  "assignment.set": lazily({
    params: () => z.object({ wallet, scope: assignmentScope.nullable(), ...place.shape }),
    result: () => z.object({ scope: z.string(), assigned: z.string() }),
  }),
  "assignment.clear": lazily({
    params: () => z.object({ scope: assignmentScope.nullable(), ...place.shape }),
    result: () => z.object({ scope: z.string(), cleared: z.string().nullable() }),
  }),
  "assignment.list": lazily({
    params: () => place,
    result: () =>
      z.object({
        thisScope: z.string(),
        /** What holds at this place: the nearest scope's. */
        assigned: z.string().nullable(),
        assignments: z.record(z.string(), z.string()),
        problem: z.string().nullable(),
      }),
  }),
} as const;

/** For a person at the command line; `handle` is what the agent goes by afterwards. */
export const handleCalls = {
  "handle.claim": lazily({
    params: () => z.object({ wallet, handle: z.string().max(64) }),
    result: () => z.object({ address: z.string(), handle: z.string().nullable() }),
  }),
  "handle.release": lazily({
    params: () => z.object({ wallet, handle: z.string().max(64) }),
    result: () => z.object({ address: z.string(), handle: z.string().nullable() }),
  }),
  /** Decides whom a handle means that changed (rule C2). */
  "handle.accept": lazily({
    params: () => z.object({ wallet, handle: z.string().max(64), cryptoId: z.string().max(128) }),
    result: () => z.object({}),
  }),
} as const;
